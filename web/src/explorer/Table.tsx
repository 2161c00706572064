// The scene's vertices as a sortable, searchable table: the accessible alternative to the canvas.

import "./table.css";
import { ArrowDown, ArrowUp, ChevronLeft, ChevronRight, Crosshair, type LucideIcon } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { LineageType } from "../generated/graphql";
import { Icon } from "./Icon";
import { asProblem, type Problem } from "./api";
import { useExplorer } from "./store";
import type { Side } from "./graph";
import { isCommand } from "./keyboard";
import {
  COLUMNS,
  type Column,
  type Order,
  type Row,
  type Wanted,
  counted,
  isTitled,
  matching,
  rowsOf,
  sorted,
} from "./listing";
import { shortSource } from "./matching";
import { KINDS, nameOf, typeOf } from "./names";
import { choose } from "./picking";
import type { Scene } from "./scene";
import { detailed } from "./view";
import { useWanted } from "./wanted";

/** Rows per page. */
const PAGE = 100;
/** The maximum number of types with a button; the search finds the others. */
const COUNTED = 12;

const HEADINGS: Record<Column, string> = {
  name: "Name",
  type: "Type",
  kind: "Kind",
  distance: "Distance",
  created: "Created (UTC)",
  source: "Source",
  up: "Upstream",
  down: "Downstream",
};

const ALL: Wanted = { kinds: new Set(), types: new Set(), text: "" };

export function Table({ scene }: { scene: Scene }) {
  const graph = useExplorer((state) => state.graph);
  const titles = useExplorer((state) => state.titles);
  const [order, setOrder] = useState<Order>({ by: "distance", isDown: false });
  const [wanted, setWanted] = useState(ALL);
  const [page, setPage] = useState(0);
  const rows = useMemo(() => rowsOf(scene, graph), [scene, graph]);
  const found = useMemo(() => sorted(matching(rows, wanted, titles), order, titles), [rows, wanted, order, titles]);
  const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
  const at = Math.min(page, last);
  const here = found.slice(at * PAGE, (at + 1) * PAGE);
  const scroll = useRef<HTMLDivElement>(null);
  useEffect(() => {
    scroll.current!.scrollTop = 0;
  }, [at, order, wanted]);
  useWanted(
    "wantTitles",
    here.map(({ arn }) => arn),
  );
  const naming = useAllTitles(rows, isTitled(order.by) || wanted.text.trim() !== "");
  const change = (to: Wanted) => {
    setWanted(to);
    setPage(0);
  };
  const sortBy = (by: Column) => {
    setOrder({ by, isDown: order.by === by && !order.isDown });
    setPage(0);
  };
  return (
    <div className="table">
      <Counts rows={rows} wanted={wanted} change={change} />
      <div className="tools">
        <input
          type="search"
          aria-label="Search the rows"
          placeholder="Search the rows"
          value={wanted.text}
          onChange={(event) => change({ ...wanted, text: event.target.value })}
        />
        <p role="status">
          {found.length < rows.length && `${found.length.toLocaleString("en")} of `}
          {rows.length.toLocaleString("en")} vertices
        </p>
        {naming}
        {last > 0 && <Pages at={at} last={last} go={setPage} />}
      </div>
      <div ref={scroll} className="scroll">
        <table>
          <caption className="unseen">
            The lineage as a table. Buttons in the headings sort it; each row begins with a button that shows the
            vertex, and up and down arrows go from row to row.
          </caption>
          <Head order={order} sortBy={sortBy} />
          <Body rows={here} />
        </table>
        {!found.length && <p className="none">No rows match.</p>}
      </div>
    </div>
  );
}

/** Fetches the titles of all rows if they are needed; returns the progress to render. */
function useAllTitles(rows: readonly Row[], isWanted: boolean) {
  const isWalking = useExplorer(({ progress }) => progress !== null);
  const titles = useExplorer((state) => state.titles);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [attempt, setAttempt] = useState(0);
  const { describe } = useExplorer.getState();
  useEffect(() => {
    setProblem(null);
    if (!isWanted || isWalking) return;
    const controller = new AbortController();
    const arns = rows.map(({ arn }) => arn);
    const failed = (error: unknown) => !controller.signal.aborted && setProblem(asProblem(error));
    void describe(arns, controller.signal).catch(failed);
    return () => controller.abort();
  }, [rows, isWanted, isWalking, attempt, describe]);
  const known = rows.reduce((count, { arn }) => count + Number(titles.has(arn)), 0);
  if (!isWanted || known === rows.length) return null;
  const sofar = `${known.toLocaleString("en")} of ${rows.length.toLocaleString("en")} are described`;
  return (
    <p className="naming">
      {problem === null ? (
        <>
          <progress value={known} max={rows.length} aria-label="Describing the vertices" /> {sofar}; the rows sort as
          more come.
        </>
      ) : (
        <>
          {sofar}. {problem.message}{" "}
          <button type="button" className="plain" onClick={() => setAttempt(attempt + 1)}>
            Try again
          </button>
        </>
      )}
    </p>
  );
}

function Counts({ rows, wanted, change }: { rows: readonly Row[]; wanted: Wanted; change: (to: Wanted) => void }) {
  const [kinds, types] = useMemo(
    () => [counted(rows, ({ vertex }) => vertex.lineageType), counted(rows, ({ vertex }) => typeOf(vertex))],
    [rows],
  );
  const more = types.length - COUNTED;
  return (
    <div className="counts">
      <div role="group" aria-label="Rows of a kind">
        {kinds.map(([kind, count]) => (
          <Count
            key={kind}
            label={KINDS[kind]}
            className={kind.toLowerCase()}
            count={count}
            isOn={wanted.kinds.has(kind)}
            toggle={() => change({ ...wanted, kinds: toggled<LineageType>(wanted.kinds, kind) })}
          />
        ))}
      </div>
      <div role="group" aria-label="Rows of a type">
        {types.slice(0, COUNTED).map(([type, count]) => (
          <Count
            key={type}
            label={type}
            className=""
            count={count}
            isOn={wanted.types.has(type)}
            toggle={() => change({ ...wanted, types: toggled(wanted.types, type) })}
          />
        ))}
        {more > 0 && <span className="note">and {more.toLocaleString("en")} more types, which the search finds</span>}
      </div>
    </div>
  );
}

interface CountProps {
  readonly label: string;
  readonly className: string;
  readonly count: number;
  readonly isOn: boolean;
  readonly toggle: () => void;
}

function Count({ label, className, count, isOn, toggle }: CountProps) {
  return (
    <button type="button" className={`chip ${className}`} aria-pressed={isOn} onClick={toggle}>
      <bdi title={label}>{label}</bdi> <span className="count">{count.toLocaleString("en")}</span>
    </button>
  );
}

function toggled<T>(set: ReadonlySet<T>, one: T): Set<T> {
  const left = new Set(set);
  if (!left.delete(one)) left.add(one);
  return left;
}

function Pages({ at, last, go }: { at: number; last: number; go: (page: number) => void }) {
  const step = (label: string, to: number, Arrow: LucideIcon) => (
    <button
      type="button"
      className="plain"
      aria-label={label}
      aria-disabled={to < 0 || to > last}
      onClick={() => go(Math.max(0, Math.min(to, last)))}
    >
      <Arrow size={16} aria-hidden />
    </button>
  );
  return (
    <div className="steps" role="group" aria-label="Pages">
      {step("Previous page", at - 1, ChevronLeft)}
      <output>
        page {(at + 1).toLocaleString("en")} of {(last + 1).toLocaleString("en")}
      </output>
      {step("Next page", at + 1, ChevronRight)}
    </div>
  );
}

function Head({ order, sortBy }: { order: Order; sortBy: (column: Column) => void }) {
  const Arrow = order.isDown ? ArrowDown : ArrowUp;
  return (
    <thead>
      <tr>
        {COLUMNS.map((column) => {
          const isSorted = order.by === column;
          return (
            <th
              key={column}
              scope="col"
              className={column}
              aria-sort={isSorted ? (order.isDown ? "descending" : "ascending") : undefined}
            >
              <button type="button" onClick={() => sortBy(column)}>
                {HEADINGS[column]} {isSorted && <Arrow size={14} aria-hidden />}
              </button>
            </th>
          );
        })}
        <th scope="col">
          <span className="unseen">Start</span>
        </th>
      </tr>
    </thead>
  );
}

function Body({ rows }: { rows: readonly Row[] }) {
  const body = useRef<HTMLTableSectionElement>(null);
  const started = useRef<string | null>(null);
  // The pressed button is gone once the row is the start: focus the row's first button instead.
  useEffect(() => {
    if (started.current === null) return;
    const button = body.current!.querySelector<HTMLElement>(`[data-row="${CSS.escape(started.current)}"]`);
    if (button) started.current = null;
    button?.focus();
  }, [rows]);
  const start = (arn: string) => {
    started.current = arn;
    useExplorer.getState().start(arn);
  };
  return (
    <tbody ref={body} onKeyDown={upAndDown}>
      {rows.map((row) => (
        <Line key={row.arn} row={row} start={start} />
      ))}
    </tbody>
  );
}

/** Arrow keys move to the same button in the next or previous row. */
function upAndDown(event: KeyboardEvent<HTMLElement>): void {
  if (isCommand(event)) return;
  const cell = (event.target as Element).closest<HTMLTableCellElement>("td, th");
  const row = cell?.closest("tr");
  const to =
    event.key === "ArrowDown" ? row?.nextElementSibling : event.key === "ArrowUp" && row?.previousElementSibling;
  if (!cell || !to) return;
  event.preventDefault();
  const cells = (to as HTMLTableRowElement).cells;
  (cells[cell.cellIndex]?.querySelector("button") ?? cells[0]!.querySelector("button"))?.focus();
}

function Line({
  row: { arn, vertex, distance, isStacked, counts },
  start,
}: {
  row: Row;
  start: (arn: string) => void;
}) {
  const title = useExplorer(({ titles }) => titles.get(arn));
  const isStart = useExplorer(({ view }) => view.start.includes(arn));
  const isSelected = useExplorer(({ view }) => detailed(view).includes(arn));
  const name = nameOf(arn, title);
  return (
    <tr className={`${vertex.lineageType.toLowerCase()} ${isSelected ? "selected" : ""}`}>
      <th scope="row" className="name">
        <button
          type="button"
          data-row={arn}
          aria-pressed={isSelected}
          title={name}
          onClick={(event) => choose(arn, event.shiftKey)}
        >
          <Icon lineageType={vertex.lineageType} type={vertex.type} />
          <bdi className={title ? "" : "unnamed"}>{name}</bdi>
        </button>
        {isStacked && <small>stacked</small>}
      </th>
      <td className="type">
        <bdi title={typeOf(vertex)}>{typeOf(vertex)}</bdi>
      </td>
      <td>{KINDS[vertex.lineageType]}</td>
      <td className="distance">
        <Distance hops={distance} isStart={isStart} />
      </td>
      <td className="created">
        {title?.creationTime && <time dateTime={title.creationTime}>{minute(title.creationTime)}</time>}
      </td>
      <td className="source">
        <bdi title={title?.sourceUri ?? ""}>{shortSource(title?.sourceUri ?? "")}</bdi>
      </td>
      <Neighbours side="up" {...counts.up} />
      <Neighbours side="down" {...counts.down} />
      <td>
        {isStart ? (
          "the start"
        ) : (
          <button
            type="button"
            className="plain"
            title="Make this the start"
            aria-label={`Make ${name} the start`}
            onClick={() => start(arn)}
          >
            <Crosshair size={14} aria-hidden />
          </button>
        )}
      </td>
    </tr>
  );
}

/** A timestamp to the minute; the gateway's are all in UTC. */
const minute = (timestamp: string): string => timestamp.slice(0, "2026-03-08T09:30".length).replace("T", " ");

function Distance({ hops, isStart }: { hops: number; isStart: boolean }) {
  if (isStart) return <>0</>;
  if (Number.isNaN(hops)) return <>apart</>;
  const figure = hops < 0 ? `−${-hops}` : hops > 0 ? `+${hops}` : "0";
  const words = hops < 0 ? "upstream" : hops > 0 ? "downstream" : "level with the start";
  return (
    <>
      <span aria-hidden>{figure}</span>
      <span className="unseen">
        {hops ? `${Math.abs(hops)} ${Math.abs(hops) === 1 ? "hop" : "hops"} ${words}` : words}
      </span>
    </>
  );
}

function Neighbours({ side, known, isAll }: { side: Side; known: number; isAll: boolean }) {
  const figure = known.toLocaleString("en");
  return (
    <td className={side}>
      {isAll && figure}
      {!isAll && (
        <>
          <span aria-hidden>{known ? `${figure}+` : "?"}</span>
          <span className="unseen">{known ? `${figure} or more` : "not known"}</span>
        </>
      )}
    </td>
  );
}
