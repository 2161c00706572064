// What the user is looking at, all of which stands in the page's address: a link shows a colleague the same picture.

import type { LineageType } from "../generated/graphql";
import type { Side } from "./graph";

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
  /** Sides that he closed. */
  readonly closed: ReadonlySet<string>;
  /** Vertices that he picked out of a stack. */
  readonly picked: readonly string[];
  readonly filter: Filter;
  /** The vertex or, with both ends, the edge in the drawer. */
  readonly selected: readonly [] | readonly [string] | readonly [source: string, destination: string];
  /** The two ends between which paths are shown. */
  readonly path: readonly [from: string, to: string] | null;
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
  show: "graph",
};

/** Hops of the page's first picture, which nobody has chosen a vertex for. */
export const OVERVIEW: View["depth"] = { up: 4, down: 2 };
export const MOST_HOPS = 100;

export const sideKey = (side: Side, arn: string): string => `${side}:${arn}`;

export const isFiltered = (filter: Filter): boolean =>
  filter.lineageTypes.length + filter.types.length > 0 || filter.createdAfter !== "" || filter.createdBefore !== "";

const KINDS: readonly LineageType[] = ["ARTIFACT", "CONTEXT", "ACTION", "TRIAL_COMPONENT"];
const isKind = (text: string): text is LineageType => (KINDS as readonly string[]).includes(text);

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
  all("path", view.path ?? []);
  if (view.show === "table") said.set("show", "table");
  return said.toString();
}

/** Read an address's fragment; what cannot be read in it is left out. */
export function parse(fragment: string): View {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const [first, second] = said.getAll("select");
  const [from, to] = said.getAll("path");
  return {
    start: said.getAll("start").slice(0, 100),
    depth: { up: hops(said.get("up")), down: hops(said.get("down")) },
    opened: new Map(said.getAll("open").flatMap(opened)),
    closed: new Set(said.getAll("close").filter(isSideKey)),
    picked: said.getAll("pick"),
    filter: {
      lineageTypes: said.getAll("kind").filter(isKind),
      types: said.getAll("type"),
      createdAfter: moment(said.get("after")),
      createdBefore: moment(said.get("before")),
    },
    selected: first === undefined ? [] : second === undefined ? [first] : [first, second],
    path: from !== undefined && to !== undefined ? [from, to] : null,
    show: said.get("show") === "table" ? "table" : "graph",
  };
}

const isSideKey = (text: string): boolean => /^(up|down):arn:/.test(text);

function opened(text: string): [string, number][] {
  const [, shown, key] = /^(\d{1,5}):(.+)$/.exec(text) ?? [];
  return shown !== undefined && key !== undefined && isSideKey(key) ? [[key, Number(shown)]] : [];
}

function hops(text: string | null): number {
  const number = text !== null && /^\d+$/.test(text) ? Number(text) : 1;
  return Math.min(number, MOST_HOPS);
}

const moment = (text: string | null): string => (text !== null && !Number.isNaN(Date.parse(text)) ? text : "");
