// What walks left out, where they can go on, and how both change as more is walked.

import type { IncompleteReason, MissingFragment } from "../generated/graphql";
import type { Graph, Side } from "./graph";

export interface Missing {
  readonly reasons: readonly IncompleteReason[];
  /** Vertices beyond which something is missing that was asked for, and how many hops of it. */
  readonly frontier: ReadonlyMap<string, number>;
  /** Vertices that the walk was to find at most. */
  readonly most: number;
}

export interface Asked {
  readonly start: readonly string[];
  readonly side: Side;
  readonly hops: number;
  readonly most: number;
}

/** Vertices that a walk finds; more come with "load more". */
export const PAGE = 5000;
/** Vertices that a walk may be asked for, and beyond which the page asks for a filter. */
export const MOST = 10_000;
/** Vertices that a walk may start from. */
export const MOST_STARTS = 100;

/** What a walk that is in the graph left out; vertices that are as far as it was to go are no frontier. */
export function missing(graph: Graph, { start, side, hops, most }: Asked, coverage: MissingFragment | null): Missing {
  const { reasons = [], frontier = [] } = coverage ?? {};
  const isCut = reasons.some((reason) => reason !== "MAX_DEPTH");
  const far = isCut ? distances(graph, start, side) : new Map<string, number>();
  const left = frontier.map((arn) => [arn, hops - (far.get(arn) ?? hops)] as const);
  return { reasons, frontier: new Map(left.filter(([, beyond]) => beyond > 0)), most };
}

/** What is still missing when these vertices have been walked from again, and what that walk left out. */
export function resumed(before: Missing | null, { start, hops }: Asked, after: Missing): Missing {
  if (before === null) return after;
  const again = new Set(start);
  const rest = [...before.frontier].filter(([arn, left]) => !again.has(arn) || left > hops);
  const reasons = rest.length ? before.reasons : before.reasons.filter((reason) => LASTING.has(reason));
  return {
    reasons: [...new Set([...reasons, ...after.reasons])],
    frontier: new Map([...rest, ...after.frontier]),
    most: Math.max(before.most, after.most),
  };
}

/** Reasons that hold however often is asked. */
const LASTING: ReadonlySet<IncompleteReason> = new Set(["DANGLING", "MAX_DEPTH"]);

/** Reasons that end a walk wherever it is. */
const ENDING: ReadonlySet<IncompleteReason> = new Set(["THROTTLED", "UPSTREAM_ERROR", "CALL_BUDGET", "DEADLINE"]);
export const isEnded = ({ reasons }: Missing): boolean => reasons.some((reason) => ENDING.has(reason));

/** From where to go on next, apart from vertices that were tried: the nearest, which want the same number of hops. */
export function onward(
  { frontier }: Missing,
  tried: ReadonlySet<string>,
): { readonly start: readonly string[]; readonly hops: number } | null {
  const left = [...frontier].filter(([arn]) => !tried.has(arn));
  if (!left.length) return null;
  const hops = left.reduce((most, [, beyond]) => Math.max(most, beyond), 0);
  const start = left.filter(([, beyond]) => beyond === hops).map(([arn]) => arn);
  return { start: start.slice(0, MOST_STARTS), hops };
}

/** How many hops vertices are from the nearest start, hidden ones counted. */
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
