// The view, which the page's address holds in full, so that a link shows the same picture to somebody else.

import type { LineageType } from "../generated/graphql";
import type { Side } from "./graph";
import { MAX_STARTS } from "./missing";

export interface Filter {
  readonly lineageTypes: readonly LineageType[];
  readonly types: readonly string[];
  /** A day such as `2026-03-08`, or a timestamp in ISO 8601; empty for no limit. */
  readonly createdAfter: string;
  readonly createdBefore: string;
}

export interface View {
  /** ARNs of the start vertices; empty for the account's latest endpoint. */
  readonly start: readonly string[];
  /** Hops shown from the start on each side. */
  readonly depth: Readonly<Record<Side, number>>;
  /** The number of neighbours shown on each side that the user opened, by `sideKey`. */
  readonly opened: ReadonlyMap<string, number>;
  /** Sides that the user closed, by `sideKey`. */
  readonly closed: ReadonlySet<string>;
  /** Vertices that the user picked out of stacks. */
  readonly picked: readonly string[];
  readonly filter: Filter;
  /** The vertex in the drawer, or the two ends of the edge in it. */
  readonly selected: readonly [] | readonly [string] | readonly [source: string, destination: string];
  /** The vertices that the drawer compares, instead of showing what is selected. */
  readonly compared: readonly [left: string, right: string] | null;
  /** Whether the comparison shows only what differs. */
  readonly differing: boolean;
  /** The ends of the shown paths. */
  readonly path: readonly [from: string, to: string] | null;
  /** The number of the highlighted path, from 1; 0 highlights all. */
  readonly way: number;
  /** Whether only the paths are shown. */
  readonly alone: boolean;
  readonly show: "graph" | "table";
}

export const NO_FILTER: Filter = { lineageTypes: [], types: [], createdAfter: "", createdBefore: "" };

/** The default view. */
export const DEFAULT_VIEW: View = {
  start: [],
  depth: { up: 1, down: 1 },
  opened: new Map(),
  closed: new Set(),
  picked: [],
  filter: NO_FILTER,
  selected: [],
  compared: null,
  differing: false,
  path: null,
  way: 0,
  alone: false,
  show: "graph",
};

/** The depth of the page's first view, when the user has not chosen a start. */
export const OVERVIEW: View["depth"] = { up: 5, down: 2 };
export const MAX_HOPS = 100;

export const sideKey = (side: Side, arn: string): string => `${side}:${arn}`;

export function splitKey(key: string): [side: Side, arn: string] {
  const colon = key.indexOf(":");
  return [key.slice(0, colon) as Side, key.slice(colon + 1)];
}

export const isFiltered = (filter: Filter): boolean =>
  filter.lineageTypes.length + filter.types.length > 0 || filter.createdAfter !== "" || filter.createdBefore !== "";

export const LINEAGE_TYPES: readonly LineageType[] = ["ARTIFACT", "CONTEXT", "ACTION", "TRIAL_COMPONENT"];
const isKind = (text: string): text is LineageType => (LINEAGE_TYPES as readonly string[]).includes(text);

/** The vertices whose details the drawer shows. */
export const detailed = ({ selected, compared }: View): readonly string[] =>
  compared ?? (selected.length === 1 ? selected : []);

/** Serialize a view for the address's fragment, which browsers do not send to servers. */
export function write(view: View): string {
  const params = new URLSearchParams();
  const all = (name: string, values: Iterable<string>) => {
    for (const value of values) if (value) params.append(name, value);
  };
  all("start", view.start);
  if (view.start.length) {
    params.set("up", String(view.depth.up));
    params.set("down", String(view.depth.down));
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
  if (view.compared !== null) {
    all("compare", view.compared);
    if (view.differing) params.set("differing", "");
  }
  if (view.path !== null) {
    all("path", view.path);
    if (view.way) params.set("way", String(view.way));
    if (view.alone) params.set("alone", "");
  }
  if (view.show === "table") params.set("show", "table");
  return params.toString();
}

/** Parse an address's fragment; invalid parts are ignored. */
export function parse(fragment: string): View {
  const params = new URLSearchParams(fragment.replace(/^#/, ""));
  const all = (name: string) => [...new Set(params.getAll(name))].filter(Boolean);
  const [first, second] = params.getAll("select").filter(Boolean);
  const pair = (name: string) => {
    const [one, two] = params.getAll(name).filter(Boolean);
    return one !== undefined && two !== undefined ? ([one, two] as const) : null;
  };
  const [path, compared] = [pair("path"), pair("compare")];
  const implied = path ?? compared;
  const start = all("start").slice(0, MAX_STARTS);
  return {
    start: start.length || implied === null ? start : [implied[0]],
    depth: { up: hops(params.get("up")), down: hops(params.get("down")) },
    opened: new Map(params.getAll("open").flatMap(opened)),
    closed: new Set(params.getAll("close").filter(isSideKey)),
    picked: all("pick"),
    filter: {
      lineageTypes: all("kind").filter(isKind),
      types: all("type"),
      createdAfter: dateOf(params.get("after")),
      createdBefore: dateOf(params.get("before")),
    },
    selected: compared !== null || first === undefined ? [] : second === undefined ? [first] : [first, second],
    compared,
    differing: compared !== null && params.has("differing"),
    path,
    way: path === null ? 0 : Number(/^\d{1,3}$/.exec(params.get("way") ?? "")?.[0] ?? 0),
    alone: path !== null && params.has("alone"),
    show: params.get("show") === "table" ? "table" : "graph",
  };
}

/** Whether a text is a vertex's ARN: the gateway rejects a request if any of its ARNs is not. */
export const isVertexArn = (text: string): boolean =>
  /^arn:aws[a-z-]*:sagemaker:[a-z\d-]*:\d{12}:(artifact|context|action|experiment-trial-component)\/[\w-]{1,120}$/.test(
    text,
  );

const isSideKey = (text: string): boolean => /^(up|down):/.test(text) && isVertexArn(splitKey(text)[1]);

function opened(text: string): [string, number][] {
  const [, shown, key] = /^(\d{1,5}):(.+)$/s.exec(text) ?? [];
  return shown !== undefined && key !== undefined && isSideKey(key) ? [[key, Number(shown)]] : [];
}

function hops(text: string | null): number {
  const number = text !== null && /^\d+$/.test(text) ? Number(text) : 1;
  return Math.min(number, MAX_HOPS);
}

/** The text if it is a valid day or timestamp, else an empty string. */
function dateOf(text: string | null): string {
  const [, day] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text ?? "") ?? [];
  if (!text || !day || Number.isNaN(Date.parse(text))) return "";
  // Date.parse reads the 31st of a short month as the first of the next.
  return new Date(`${day}T00:00Z`).toISOString().startsWith(day) ? text : "";
}
