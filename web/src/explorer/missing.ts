// What walks left out, and where they can continue.

import type { IncompleteReason, CoverageFragment } from "../generated/graphql";
import type { Graph, Side } from "./graph";

export interface Missing {
  readonly reasons: readonly IncompleteReason[];
  /** Vertices behind which requested hops are missing, and how many. */
  readonly frontier: ReadonlyMap<string, number>;
  /** The walk's maximum number of vertices. */
  readonly maxVertices: number;
}

export interface SideWalk {
  readonly start: readonly string[];
  readonly side: Side;
  readonly hops: number;
  readonly maxVertices: number;
}

/** The maximum number of vertices of a walk; "Load more" adds as many. */
export const PAGE = 5000;
/** The gateway's maximum for a walk; beyond it, the page suggests a filter. */
export const MAX_VERTICES = 10_000;
/** The maximum number of starts of a walk. */
export const MAX_STARTS = 100;

/** What a walk, already added to the graph, left out; vertices at its maximum depth are not in the frontier. */
export function missing(
  graph: Graph,
  { start, side, hops, maxVertices }: SideWalk,
  coverage: CoverageFragment | null,
): Missing {
  const { reasons = [], frontier = [] } = coverage ?? {};
  const isCut = reasons.some((reason) => reason !== "MAX_DEPTH");
  const far = isCut ? distances(graph, start, side) : new Map<string, number>();
  const left = frontier.map((arn) => [arn, hops - (far.get(arn) ?? hops)] as const);
  return { reasons, frontier: new Map(left.filter(([, beyond]) => beyond > 0)), maxVertices };
}

/** What is missing after a further walk, given what was missing before and what that walk left out. */
export function resumed(before: Missing | null, { start, hops }: SideWalk, after: Missing): Missing {
  if (before === null) return after;
  const again = new Set(start);
  const rest = [...before.frontier].filter(([arn, left]) => !again.has(arn) || left > hops);
  const reasons = rest.length ? before.reasons : before.reasons.filter((reason) => LASTING.has(reason));
  return {
    reasons: [...new Set([...reasons, ...after.reasons])],
    frontier: new Map([...rest, ...after.frontier]),
    maxVertices: Math.max(before.maxVertices, after.maxVertices),
  };
}

/** Reasons that no further walk removes. */
const LASTING: ReadonlySet<IncompleteReason> = new Set(["DANGLING", "MAX_DEPTH"]);

/** Reasons that stop a walk as a whole. */
const ENDING: ReadonlySet<IncompleteReason> = new Set(["THROTTLED", "UPSTREAM_ERROR", "CALL_BUDGET", "DEADLINE"]);
export const isEnded = ({ reasons }: Missing): boolean => reasons.some((reason) => ENDING.has(reason));

/** Where to continue: the untried frontier vertices nearest to the start, which all miss the same number of hops. */
export function onward(
  { frontier }: Missing,
  tried: ReadonlySet<string>,
): { readonly start: readonly string[]; readonly hops: number } | null {
  const left = [...frontier].filter(([arn]) => !tried.has(arn));
  if (!left.length) return null;
  const hops = left.reduce((most, [, beyond]) => Math.max(most, beyond), 0);
  const start = left.filter(([, beyond]) => beyond === hops).map(([arn]) => arn);
  return { start: start.slice(0, MAX_STARTS), hops };
}

/** The vertices' distances from the nearest start in hops, counting hidden vertices. */
function distances(graph: Graph, start: readonly string[], side: Side): Map<string, number> {
  const far = new Map(start.map((arn) => [arn, 0]));
  const queue = [...start];
  for (const arn of queue) {
    for (const neighbour of graph.neighbours(arn, side)) {
      const hops = far.get(arn)! + 1 + graph.between(arn, side, neighbour)!.hiddenHops;
      if (hops >= (far.get(neighbour) ?? Infinity)) continue;
      far.set(neighbour, hops);
      queue.push(neighbour);
    }
  }
  return far;
}
