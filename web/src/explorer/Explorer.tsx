// The page: header with controls, canvas or table in the middle, drawer beside it.

import { useEffect, useMemo } from "react";
import { gateway } from "../gateway";
import { Canvas } from "./Canvas";
import { Depth } from "./Depth";
import { Drawer } from "./Drawer";
import { ExportMenu } from "./ExportMenu";
import { Filter, FilterBar } from "./Filter";
import { PathBar, Paths } from "./Paths";
import { Search } from "./Search";
import { SignOut } from "./SignIn";
import { Table } from "./Table";
import { StatusArea } from "./StatusArea";
import { nameOf } from "./names";
import { useExplorer } from "./store";
import { type Scene, draw } from "./scene";

export function Explorer() {
  const scene = useScene();
  const show = useExplorer(({ view }) => view.show);
  const go = useExplorer((state) => state.go);
  useTitle();
  return (
    <div className="page">
      <header>
        <h1 className="brand">
          <a href="./">Lineage</a>
        </h1>
        {gateway.demo && <span className="badge">demo account</span>}
        <Search />
        <Depth />
        <div id="filter">
          <Filter scene={scene} />
        </div>
        <Paths />
        <div className="choice" role="group" aria-label="Show as">
          {(["graph", "table"] as const).map((one) => (
            <button key={one} type="button" aria-pressed={show === one} onClick={() => go({ show: one })}>
              {one === "graph" ? "Graph" : "Table"}
            </button>
          ))}
        </div>
        <ExportMenu scene={scene} />
        <SignOut />
      </header>
      <FilterBar />
      <PathBar />
      <main>
        <div className="middle">
          <StatusArea scene={scene} />
          {scene.shown.size > 0 && (show === "graph" ? <Canvas scene={scene} /> : <Table scene={scene} />)}
        </div>
        <Drawer scene={scene} />
      </main>
    </div>
  );
}

const TITLE = document.title;

/** Puts the start's name into the page's title, for tabs, bookmarks and the browser's history. */
function useTitle(): void {
  const name = useExplorer(({ view: { start }, titles }) => {
    const title = titles.get(start[0] ?? "");
    return title && nameOf(title.arn, title);
  });
  useEffect(() => {
    document.title = name === undefined ? TITLE : `${name} · ${TITLE}`;
  }, [name]);
}

function useScene(): Scene {
  const graph = useExplorer((state) => state.graph);
  const revision = useExplorer((state) => state.revision);
  const onPaths = useExplorer((state) => state.onPaths);
  const coverage = useExplorer((state) => state.coverage);
  const view = useExplorer((state) => state.view);
  const { start, depth, opened, closed, picked, filter, alone } = view;
  return useMemo(
    () => draw(graph, view, onPaths, coverage),
    [graph, revision, start, depth, opened, closed, picked, filter, alone, onPaths, coverage],
  );
}
