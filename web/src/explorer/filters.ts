// The choices that the filter offers, its parts, and its GraphQL input.

import type { LineageFilter, LineageType } from "../generated/graphql";
import type { Vertex } from "./graph";
import { KINDS, typeInWords } from "./names";
import { type Filter, isFiltered } from "./view";

/** A type that the filter offers. */
export interface Type {
  /** The type in words; the gateway treats types with the same label as equal. */
  readonly label: string;
  readonly type: string;
  /** The number of vertices; null if unknown. */
  readonly count: number | null;
  readonly isChosen: boolean;
}

/** The number of vertices of each kind. */
export function kindsOf(vertices: readonly Vertex[]): Map<LineageType, number> {
  const kinds = new Map<LineageType, number>();
  for (const { lineageType } of vertices) kinds.set(lineageType, (kinds.get(lineageType) ?? 0) + 1);
  return kinds;
}

/** The types to offer: those drawn without a filter, those drawn now, and those already chosen. */
export function typesOf(unfiltered: readonly Vertex[], now: readonly Vertex[], { types }: Filter): Type[] {
  const chosen = new Set(types.map(typeInWords));
  const known = new Map<string, Type>();
  const add = (type: string, count: number | null) => {
    const label = typeInWords(type);
    const before = known.get(label) ?? { label, type, count: null, isChosen: chosen.has(label) };
    known.set(label, { ...before, count: count === null ? before.count : (before.count ?? 0) + count });
  };
  for (const { type } of unfiltered) if (type) add(type, 1);
  for (const { type } of now) if (type) add(type, null);
  for (const type of types) add(type, null);
  return [...known.values()].sort(
    (one, two) => (two.count ?? 0) - (one.count ?? 0) || (one.label < two.label ? -1 : 1),
  );
}

/** A part of a filter in words, and the filter without it. */
export interface Part {
  readonly label: string;
  readonly without: Filter;
}

export function parts(filter: Filter): Part[] {
  const { lineageTypes, types, createdAfter, createdBefore } = filter;
  return [
    ...lineageTypes.map((kind) => ({ label: KINDS[kind], without: withKind(filter, kind, false) })),
    ...types.map((type) => ({ label: typeInWords(type), without: withType(filter, type, false) })),
    ...(createdAfter ? [{ label: `created from ${createdAfter}`, without: { ...filter, createdAfter: "" } }] : []),
    ...(createdBefore ? [{ label: `created up to ${createdBefore}`, without: { ...filter, createdBefore: "" } }] : []),
  ];
}

export const withKind = (filter: Filter, kind: LineageType, isIn: boolean): Filter => ({
  ...filter,
  lineageTypes: [...filter.lineageTypes.filter((other) => other !== kind), ...(isIn ? [kind] : [])],
});

export const withType = (filter: Filter, type: string, isIn: boolean): Filter => ({
  ...filter,
  types: [...filter.types.filter((other) => typeInWords(other) !== typeInWords(type)), ...(isIn ? [type] : [])],
});

/** A filter as the GraphQL input; days are inclusive, in UTC. */
export function toFilterInput(filter: Filter): LineageFilter | null {
  if (!isFiltered(filter)) return null;
  const { lineageTypes, types, createdAfter, createdBefore } = filter;
  return {
    ...(lineageTypes.length ? { lineageTypes: [...lineageTypes] } : {}),
    ...(types.length ? { types: [...types] } : {}),
    ...(createdAfter ? { createdAfter } : {}),
    ...(createdBefore ? { createdBefore: endOf(createdBefore) } : {}),
  };
}

const endOf = (moment: string): string => (moment.length === "2026-03-08".length ? `${moment}T23:59:59.999Z` : moment);
