// The button to pick the ends of paths, and the bar that says what to pick, or which paths there are.

import "./paths.css";
import { ChevronLeft, ChevronRight, Columns2, Route, X } from "lucide-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { PathFragment } from "../generated/graphql";
import { whenOnline } from "./api";
import { useExplorer } from "./store";
import { nameOf } from "./names";
import { REASONS, ofProblem } from "./notices";
import { type PathSearch, type Ends, type Found, MAX_PATH_HOPS, find, idsOf } from "./pathfinding";
import { beginPicking, cancelPicking, usePicking } from "./picking";
import { useWanted } from "./wanted";

export function Paths() {
  const isOn = usePicking(({ purpose }) => purpose === "path");
  const begin = () => {
    beginPicking("path");
    // Keyboard users pick the ends on the canvas.
    document.querySelector<HTMLElement>('.face[tabindex="0"]')?.focus({ preventScroll: true });
  };
  return (
    <button type="button" className="opens-menu" aria-pressed={isOn} onClick={isOn ? cancelPicking : begin}>
      <Route size={14} aria-hidden /> Paths
    </button>
  );
}

/** The bar with instructions for picking, or with the paths that were found. */
export function PathBar() {
  const path = useExplorer(({ view }) => view.path);
  const purpose = usePicking((state) => state.purpose);
  const isOn = purpose !== null;
  useEscape(isOn);
  const [answer, retry] = usePathSearch(path);
  useShown(answer);
  const isAnswered = !isOn && path !== null && answer !== null;
  const [label, Sign] = purpose === "comparison" ? (["Comparison", Columns2] as const) : (["Paths", Route] as const);
  return (
    <div role="region" aria-label={label} className={`bar paths ${isOn ? "picking" : isAnswered ? "" : "unseen"}`}>
      <Sign size={14} aria-hidden />
      <p role="status">
        {purpose === "path" && <WantedEnd />}
        {purpose === "comparison" && <WantedOther />}
        {isAnswered && inWords(path, answer)}
      </p>
      {isOn && (
        <button type="button" className="plain" onClick={cancelPicking}>
          Cancel
        </button>
      )}
      {isAnswered && <Controls answer={answer} retry={retry} />}
    </div>
  );
}

/** Cancels picking on Escape, wherever the focus is. */
function useEscape(isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return;
    const leave = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      cancelPicking();
    };
    addEventListener("keydown", leave, true);
    return () => removeEventListener("keydown", leave, true);
  }, [isOn]);
}

/** Searches for the paths; returns the state of the search, and a function to repeat it. */
function usePathSearch(path: Ends | null): [PathSearch | null, () => void] {
  const [answer, setAnswer] = useState<PathSearch | null>(null);
  const [attempt, setAttempt] = useState(0);
  const retry = () => setAttempt((before) => before + 1);
  const isSignedOut = useExplorer(({ credentialWanted }) => credentialWanted !== null);
  useEffect(() => {
    setAnswer(path && !isSignedOut ? { is: "asking" } : null);
    if (path === null || isSignedOut) return;
    const controller = new AbortController();
    void find(path, controller.signal).then((found) => !controller.signal.aborted && setAnswer(found));
    return () => controller.abort();
  }, [path?.join(" "), isSignedOut, attempt]);
  const isOffline = useRef(false);
  isOffline.current = answer?.is === "problem" && answer.problem.code === "OFFLINE";
  useEffect(() => whenOnline(() => isOffline.current && retry()), []);
  // Drop the answer at once on sign-out, or its paths would be added to the emptied graph.
  return [isSignedOut ? null : answer, retry];
}

const NONE: readonly string[] = [];

/** Adds the paths to the graph, and shows and highlights them. */
function useShown(answer: PathSearch | null): void {
  const graph = useExplorer((state) => state.graph);
  const way = useExplorer(({ view }) => view.way);
  const { lightByDefault } = useExplorer.getState();
  const paths = answer?.is === "found" ? answer.paths : null;
  useEffect(() => {
    const { onPaths } = useExplorer.getState();
    if (!paths?.length) {
      if (onPaths.length) useExplorer.setState({ onPaths: NONE });
      return;
    }
    for (const { entities, edges } of paths) graph.add(entities, edges);
    const arns = [...new Set(paths.flatMap(({ entities }) => entities.map(({ arn }) => arn)))];
    const isNew = String(arns) !== String(onPaths);
    useExplorer.setState(({ revision }) => ({ revision: revision + 1, ...(isNew ? { onPaths: arns } : {}) }));
  }, [paths, graph]);
  useEffect(() => {
    if (!paths?.length) return;
    lightByDefault(new Set((paths[way - 1] ? [paths[way - 1]!] : paths).flatMap(idsOf)));
    return () => lightByDefault(null);
  }, [paths, way, lightByDefault]);
}

function WantedEnd() {
  const { first: from, isSame } = usePicking();
  return (
    <>
      {isSame && "The paths start there. "}
      {from === null ? (
        "Pick the vertex where the paths start. "
      ) : (
        <>
          From <Name arn={from} />: pick the vertex where they end.{" "}
        </>
      )}
      <span className="note">Click it, or move to it with the arrow keys and press Enter.</span>
    </>
  );
}

function WantedOther() {
  const { first, isSame } = usePicking();
  return (
    <>
      {isSame && "That is the same vertex. "}
      Pick the vertex to compare {first && <Name arn={first} />} with.{" "}
      <span className="note">
        Find it with the search, click it, or move to it with the arrow keys and press Enter.
      </span>
    </>
  );
}

function Controls({ answer, retry }: { answer: PathSearch; retry: () => void }) {
  const { go } = useExplorer.getState();
  return (
    <>
      {answer.is === "found" && answer.paths.length > 0 && <Steps paths={answer.paths} />}
      {answer.is === "problem" && (
        <button type="button" className="plain" onClick={retry}>
          Try again
        </button>
      )}
      <button
        type="button"
        className="dismissal"
        title="Leave the paths"
        aria-label="Leave the paths"
        onClick={() => go({ path: null })}
      >
        <X size={16} aria-hidden />
      </button>
    </>
  );
}

function inWords([from, to]: Ends, answer: PathSearch): ReactNode {
  switch (answer.is) {
    case "asking":
      return <Between before="Looking for paths" ends={[from, to]} after="…" />;
    case "same":
      return "Both ends are the same vertex: pick two for the paths between them.";
    case "missing":
      return <>There is no such vertex: {answer.arns.join(", ")}. It may have been deleted.</>;
    case "problem": {
      const { title, lines } = ofProblem(answer.problem);
      return `${title}. ${lines.join(" ")}`;
    }
    case "found":
      return (
        <>
          {howMany([from, to], answer)} {answer.reasons.map((reason) => LEFT_OUT[reason]).join(" ")}
        </>
      );
  }
}

function howMany(ends: Ends, { paths, isBack, reasons }: Found): ReactNode {
  const [from, to] = ends;
  const isSure = reasons.every((reason) => reason === "MAX_DEPTH");
  if (!paths.length) {
    const none = isSure ? `No path of up to ${MAX_PATH_HOPS} hops leads` : "No path was found";
    return <Between before={none} ends={ends} after=", or back." />;
  }
  const hops = paths.map(({ edges }) => edges.length);
  const count = paths.length === 1 ? "1 path" : `${paths.length} paths`;
  if (!isBack) return <Between before={count} ends={ends} after={`, ${range(hops)}.`} />;
  return (
    <>
      <Between before={isSure ? "None leads" : "None was found"} ends={ends} after=", but" />{" "}
      <Between before={count} ends={[to, from]} after={`, ${range(hops)}.`} />
    </>
  );
}

function Between({ before, ends: [from, to], after }: { before: string; ends: Ends; after: string }) {
  return (
    <>
      {before} from <Name arn={from} /> to <Name arn={to} />
      {after}
    </>
  );
}

function range(hops: readonly number[]): string {
  const [least, most] = [Math.min(...hops), Math.max(...hops)];
  if (least < most) return `${least} to ${most} hops`;
  return most === 1 ? "1 hop" : `${most} hops`;
}

const LEFT_OUT = {
  ...REASONS,
  MAX_VERTICES: "There may be more.",
  MAX_DEPTH: `Paths of more than ${MAX_PATH_HOPS} hops were not searched.`,
};

function Name({ arn }: { arn: string }) {
  const title = useExplorer(({ titles }) => titles.get(arn));
  useWanted("wantTitles", [arn]);
  const name = nameOf(arn, title);
  return (
    <bdi className="path-end" title={name}>
      {name}
    </bdi>
  );
}

/** Controls to choose the highlighted path, and to hide everything else. */
function Steps({ paths }: { paths: readonly PathFragment[] }) {
  const way = useExplorer(({ view }) => (view.way <= paths.length ? view.way : 0));
  const alone = useExplorer(({ view }) => view.alone);
  const { go } = useExplorer.getState();
  const count = paths.length + 1;
  const step = (by: number) => go({ way: (way + by + count) % count });
  return (
    <div className="steps" role="group" aria-label="Paths">
      {paths.length > 1 && (
        <>
          <button type="button" className="plain" aria-label="Previous path" onClick={() => step(-1)}>
            <ChevronLeft size={16} aria-hidden />
          </button>
          <output>{way ? `${way} of ${paths.length}` : `all ${paths.length}`}</output>
          <button type="button" className="plain" aria-label="Next path" onClick={() => step(1)}>
            <ChevronRight size={16} aria-hidden />
          </button>
        </>
      )}
      <label>
        <input type="checkbox" checked={alone} onChange={(event) => go({ alone: event.target.checked })} /> Hide the
        rest
      </label>
    </div>
  );
}
