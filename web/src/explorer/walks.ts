// Runs lineage walks as subscriptions, and adds their vertices and edges to a graph as they arrive.

import { type CoverageFragment, type LineageDirection, WalkDocument } from "../generated/graphql";
import { type Problem, subscribe } from "./api";
import { type Graph, SIDES, type Side } from "./graph";
import { toFilterInput } from "./filters";
import type { Filter } from "./view";

export interface Progress {
  /** Vertices found, including those that the filter hides. */
  readonly visited: number;
  readonly awsCalls: number;
}

export interface Walked {
  readonly coverage: CoverageFragment | null;
  readonly problems: readonly Problem[];
}

export interface WalkRequest {
  readonly start: readonly string[];
  readonly side: Side | "both";
  readonly hops: number;
  readonly filter: Filter;
  /** The maximum number of vertices to find. */
  readonly maxVertices: number;
}

export const DIRECTIONS: Record<Side | "both", LineageDirection> = { up: "UPSTREAM", down: "DOWNSTREAM", both: "BOTH" };

/** Walk, and add what is found to the graph; `progress` is called for each message. */
export async function walk(
  graph: Graph,
  { start, side, hops, filter, maxVertices }: WalkRequest,
  progress: (sofar: Progress) => void,
  signal: AbortSignal,
): Promise<Walked> {
  const found = new Set<string>();
  const problems: Problem[] = [];
  let coverage: CoverageFragment | null = null;
  const variables = {
    start: [...start],
    direction: DIRECTIONS[side],
    maxDepth: hops,
    maxVertices,
    filter: toFilterInput(filter),
  };
  await subscribe(
    WalkDocument,
    variables,
    ({ data: { lineage }, problems: errors }) => {
      const vertices = lineage.vertices.map(({ entity }) => entity);
      for (const { arn } of vertices) found.add(arn);
      graph.add(vertices, lineage.edges);
      problems.push(...errors);
      coverage = lineage.coverage ?? coverage;
      progress(lineage);
    },
    signal,
  );
  if (!isHiding(coverage, found)) noteExplored(graph, side, found, coverage);
  return { coverage, problems };
}

/** Whether a walk stopped at hidden vertices: then it is unknown which visible ones have more neighbours. */
const isHiding = (coverage: CoverageFragment | null, found: ReadonlySet<string>): boolean =>
  coverage !== null && coverage.frontier.some((arn) => !found.has(arn));

function noteExplored(graph: Graph, side: Side | "both", found: Set<string>, coverage: CoverageFragment | null): void {
  if (coverage === null) return;
  const frontier = new Set(coverage.frontier);
  for (const arn of found) {
    if (frontier.has(arn)) continue;
    for (const one of side === "both" ? SIDES : [side]) graph.explore(arn, one);
  }
}
