// What the user is looking at, all of which stands in the page's address: a link shows a colleague the same picture.

import type { LineageType } from "../generated/graphql";
import type { Side } from "./graph";
import { MOST_STARTS } from "./missing";

export interface Filter {
  readonly lineageTypes: readonly LineageType[];
  readonly types: readonly string[];
  /** Days, as `2026-03-08`, or moments in ISO 8601; empty where there is no limit. */
  readonly createdAfter: string;
  readonly createdBefore: string;
}

export interface View {
  /** ARNs of the vertices in the middle; none stands for the account's latest endpoint. */
  readonly start: readonly string[];
  /** Hops shown from there on each side. */
  readonly depth: Readonly<Record<Side, number>>;
  /** How many neighbours are shown of sides that the user opened, by `sideKey`. */
  readonly opened: ReadonlyMap<string, number>;
  /** Sides that the user closed. */
  readonly closed: ReadonlySet<string>;
  /** Vertices that the user picked out of a stack. */
  readonly picked: readonly string[];
  readonly filter: Filter;
  /** The vertex or, with both ends, the edge in the drawer. */
  readonly selected: readonly [] | readonly [string] | readonly [source: string, destination: string];
  /** The two ends between which paths are shown. */
  readonly path: readonly [from: string, to: string] | null;
  /** Which of the paths is lit, counted from 1; 0 lights all. */
  readonly way: number;
  /** Whether nothing but the paths is shown. */
  readonly alone: boolean;
  readonly show: "graph" | "table";
}

export const NO_FILTER: Filter = { lineageTypes: [], types: [], createdAfter: "", createdBefore: "" };

/** What a vertex is shown with at first. */
export const FIRST: View = {
  start: [],
  depth: { up: 1, down: 1 },
  opened: new Map(),
  closed: new Set(),
  picked: [],
  filter: NO_FILTER,
  selected: [],
  path: null,
  way: 0,
  alone: false,
  show: "graph",
};

/** Hops of the page's first picture, which nobody has chosen a vertex for. */
export const OVERVIEW: View["depth"] = { up: 4, down: 2 };
export const MOST_HOPS = 100;

export const sideKey = (side: Side, arn: string): string => `${side}:${arn}`;

export const isFiltered = (filter: Filter): boolean =>
  filter.lineageTypes.length + filter.types.length > 0 || filter.createdAfter !== "" || filter.createdBefore !== "";

export const LINEAGE_TYPES: readonly LineageType[] = ["ARTIFACT", "CONTEXT", "ACTION", "TRIAL_COMPONENT"];
const isKind = (text: string): text is LineageType => (LINEAGE_TYPES as readonly string[]).includes(text);

/** The address's fragment, which browsers keep to themselves. */
export function write(view: View): string {
  const said = new URLSearchParams();
  const all = (name: string, values: Iterable<string>) => {
    for (const value of values) if (value) said.append(name, value);
  };
  all("start", view.start);
  if (view.start.length) {
    said.set("up", String(view.depth.up));
    said.set("down", String(view.depth.down));
  }
  all(
    "open",
    [...view.opened].map(([key, shown]) => `${shown}:${key}`),
  );
  all("close", view.closed);
  all("pick", view.picked);
  all("kind", view.filter.lineageTypes);
  all("type", view.filter.types);
  all("after", [view.filter.createdAfter]);
  all("before", [view.filter.createdBefore]);
  all("select", view.selected);
  if (view.path !== null) {
    all("path", view.path);
    if (view.way) said.set("way", String(view.way));
    if (view.alone) said.set("alone", "");
  }
  if (view.show === "table") said.set("show", "table");
  return said.toString();
}

/** Read an address's fragment; what cannot be read in it is left out. */
export function parse(fragment: string): View {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const all = (name: string) => [...new Set(said.getAll(name))].filter(Boolean);
  const [first, second] = said.getAll("select").filter(Boolean);
  const [from, to] = said.getAll("path").filter(Boolean);
  const path = from !== undefined && to !== undefined ? ([from, to] as const) : null;
  const start = all("start").slice(0, MOST_STARTS);
  return {
    start: start.length || path === null ? start : [path[0]],
    depth: { up: hops(said.get("up")), down: hops(said.get("down")) },
    opened: new Map(said.getAll("open").flatMap(opened)),
    closed: new Set(said.getAll("close").filter(isSideKey)),
    picked: all("pick"),
    filter: {
      lineageTypes: all("kind").filter(isKind),
      types: all("type"),
      createdAfter: moment(said.get("after")),
      createdBefore: moment(said.get("before")),
    },
    selected: first === undefined ? [] : second === undefined ? [first] : [first, second],
    path,
    way: path === null ? 0 : Number(/^\d{1,3}$/.exec(said.get("way") ?? "")?.[0] ?? 0),
    alone: path !== null && said.has("alone"),
    show: said.get("show") === "table" ? "table" : "graph",
  };
}

/** Whether a side is one of a vertex: the gateway refuses walks that begin at anything else, whatever else they begin at. */
const isSideKey = (text: string): boolean =>
  /^(up|down):arn:aws[a-z-]*:sagemaker:[a-z\d-]*:\d{12}:(artifact|context|action|experiment-trial-component)\/\S+$/.test(
    text,
  );

function opened(text: string): [string, number][] {
  const [, shown, key] = /^(\d{1,5}):(.+)$/s.exec(text) ?? [];
  return shown !== undefined && key !== undefined && isSideKey(key) ? [[key, Number(shown)]] : [];
}

function hops(text: string | null): number {
  const number = text !== null && /^\d+$/.test(text) ? Number(text) : 1;
  return Math.min(number, MOST_HOPS);
}

/** A day, or a moment with its offset, that there is; else nothing. */
function moment(text: string | null): string {
  const [, day] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text ?? "") ?? [];
  if (!text || !day || Number.isNaN(Date.parse(text))) return "";
  // The last days of short months are read as the first of the next.
  return new Date(`${day}T00:00Z`).toISOString().startsWith(day) ? text : "";
}
