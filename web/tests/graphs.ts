// Helpers that build graphs and scenes from edges.

import { Graph } from "../src/explorer/graph";
import { DEFAULT_VIEW, type View } from "../src/explorer/view";
import type { Card, Link, Scene } from "../src/explorer/scene";

/** A fully explored graph of edges such as `a>b`, or `a>2>b` over two hidden vertices. */
export function graphOf(...edges: string[]): Graph {
  const graph = new Graph();
  const ends = new Set(edges.flatMap((edge) => [edge.split(">")[0]!, edge.split(">").at(-1)!]));
  graph.add(
    [...ends].map((arn) => ({ arn, lineageType: "ARTIFACT", type: "DataSet" })),
    edges.map((edge) => {
      const [source, ...rest] = edge.split(">");
      const hiddenHops = rest.length > 1 ? Number(rest[0]) : 0;
      return { source: { arn: source! }, destination: { arn: rest.at(-1)! }, associationType: null, hiddenHops };
    }),
  );
  for (const arn of ends) for (const side of ["up", "down"] as const) graph.explore(arn, side);
  return graph;
}

export const viewOf = (start: string, change: Partial<View> = {}): View => ({
  ...DEFAULT_VIEW,
  start: [start],
  ...change,
});

/** A scene of only cards and links. */
export function sceneOf(ids: readonly string[], links: readonly (readonly [string, string])[]): Scene {
  const side = { open: false, shown: false, hidden: 0, unknown: false, missing: false };
  const card = (id: string): Card => ({
    id,
    vertex: { arn: id, lineageType: "ARTIFACT", type: null },
    distance: 0,
    isStart: false,
    isEntry: false,
    sides: { up: side, down: side },
  });
  return {
    cards: new Map(ids.map((id) => [id, card(id)])),
    stacks: new Map(),
    links: links.map(([source, destination]): Link => {
      return { id: `${source} ${destination}`, source, destination, edge: null, count: 1 };
    }),
    shown: new Map(ids.map((id) => [id, 0])),
    grouped: false,
  };
}

/** Reproducible pseudorandom numbers between 0 and 1. */
export function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}
