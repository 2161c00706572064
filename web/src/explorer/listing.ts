// The rows of the table: the scene's vertices, including those in stacks, with search, counts and sorting.

import type { LineageType } from "../generated/graphql";
import type { Title } from "./store";
import { type Graph, type Side, SIDES, type Vertex } from "./graph";
import { KINDS, nameOf, typeOf } from "./names";
import type { Scene } from "./scene";

export interface Row {
  readonly arn: string;
  readonly vertex: Vertex;
  /** Hops from the start, negative upstream; NaN if the scene shows no connection. */
  readonly distance: number;
  /** Whether the scene shows it in a stack or group. */
  readonly isStacked: boolean;
  /** The number of loaded neighbours, and whether these are all. */
  readonly counts: Readonly<Record<Side, { readonly known: number; readonly isAll: boolean }>>;
}

export type Titles = ReadonlyMap<string, Title>;

/** One row per vertex of the scene. */
export function rowsOf({ shown, cards, stacks }: Scene, graph: Graph): Row[] {
  const distances = new Map(shown);
  for (const { members, distance } of stacks.values()) {
    for (const arn of members) if (!distances.has(arn)) distances.set(arn, distance);
  }
  return [...distances].map(([arn, distance]) => {
    const count = (side: Side) => ({
      known: graph.neighbours(arn, side).length,
      isAll: graph.isExplored(arn, side),
    });
    const counts = { up: count("up"), down: count("down") };
    return { arn, vertex: graph.vertices.get(arn)!, distance, isStacked: !cards.has(arn), counts };
  });
}

export const COLUMNS = ["name", "type", "kind", "distance", "created", "source", ...SIDES] as const;
export type Column = (typeof COLUMNS)[number];

/** Whether a column needs the vertices' titles. */
export const isTitled = (column: Column): boolean => ["name", "created", "source"].includes(column);

type Value = string | number | null;

const VALUES: Record<Column, (row: Row, title: Title | undefined) => Value> = {
  name: ({ arn }, title) => (title ? nameOf(arn, title) : null),
  type: ({ vertex }) => typeOf(vertex),
  kind: ({ vertex }) => KINDS[vertex.lineageType],
  distance: ({ distance }) => (Number.isNaN(distance) ? null : distance),
  created: (_, title) => (title?.creationTime ? Date.parse(title.creationTime) : null),
  source: (_, title) => title?.sourceUri ?? null,
  up: ({ counts }) => counts.up.known,
  down: ({ counts }) => counts.down.known,
};

export interface Order {
  readonly by: Column;
  readonly isDown: boolean;
}

/** The rows in order; those without a value, or without one yet, come last in either direction. */
export function sorted(rows: readonly Row[], { by, isDown }: Order, titles: Titles): Row[] {
  const valued = rows.map((row) => [VALUES[by](row, titles.get(row.arn)), row] as const);
  valued.sort(([one], [two]) => {
    if (one === null || two === null) return Number(one === null) - Number(two === null);
    return isDown ? compare(two, one) : compare(one, two);
  });
  return valued.map(([, row]) => row);
}

const collator = new Intl.Collator("en", { numeric: true });

const compare = (one: string | number, two: string | number): number =>
  typeof one === "number" && typeof two === "number" ? one - two : collator.compare(String(one), String(two));

/** The table's own filter; an empty set includes all. */
export interface Wanted {
  readonly kinds: ReadonlySet<LineageType>;
  readonly types: ReadonlySet<string>;
  readonly text: string;
}

export function matching(rows: readonly Row[], { kinds, types, text }: Wanted, titles: Titles): Row[] {
  const sought = text.trim().toLowerCase();
  return rows.filter(({ arn, vertex }) => {
    if (kinds.size && !kinds.has(vertex.lineageType)) return false;
    if (types.size && !types.has(typeOf(vertex))) return false;
    if (!sought) return true;
    const title = titles.get(arn);
    const texts = [nameOf(arn, title), typeOf(vertex), title?.sourceUri ?? "", arn];
    return texts.some((one) => one.toLowerCase().includes(sought));
  });
}

/** The number of rows per value, most frequent first. */
export function counted<T extends string>(rows: readonly Row[], value: (row: Row) => T): [value: T, count: number][] {
  const counts = new Map<T, number>();
  for (const row of rows) counts.set(value(row), (counts.get(value(row)) ?? 0) + 1);
  return [...counts].sort(([one, many], [two, more]) => more - many || compare(one, two));
}
