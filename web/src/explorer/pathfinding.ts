// Finds the paths between two vertices.

import { type IncompleteReason, type PathFragment, PathsBetweenDocument } from "../generated/graphql";
import { type Problem, ask, asProblem } from "./api";
import { edgeId } from "./graph";
import type { View } from "./view";

export type Ends = NonNullable<View["path"]>;

/** The state of a search for paths. */
export type PathSearch =
  | { readonly is: "asking" }
  | { readonly is: "same" }
  | { readonly is: "missing"; readonly arns: readonly string[] }
  | { readonly is: "problem"; readonly problem: Problem }
  | Found;

/** Paths, shortest first; empty if there are none. */
export interface Found {
  readonly is: "found";
  readonly paths: readonly PathFragment[];
  /** Whether the paths lead from the second end to the first, because none leads the other way. */
  readonly isBack: boolean;
  /** Why there may be more paths. */
  readonly reasons: readonly IncompleteReason[];
}

/** The maximum length of a path, in hops. */
export const MAX_PATH_HOPS = 20;
const MAX_PATHS = 20;

/** Find paths in the direction of the edges; if there are none, find paths back. */
export async function find([from, to]: Ends, signal: AbortSignal): Promise<PathSearch> {
  if (from === to) return { is: "same" };
  try {
    const forth = await found(from, to, signal);
    if (forth.is !== "found" || forth.paths.length) return forth;
    const back = await found(to, from, signal);
    if (back.is !== "found") return back;
    const reasons = [...new Set([...forth.reasons, ...back.reasons])];
    return { ...back, isBack: back.paths.length > 0, reasons };
  } catch (error) {
    return { is: "problem", problem: asProblem(error) };
  }
}

async function found(from: string, to: string, signal: AbortSignal): Promise<PathSearch> {
  const variables = { from, to, maxDepth: MAX_PATH_HOPS, first: MAX_PATHS };
  const { data, problems } = await ask(PathsBetweenDocument, variables, signal);
  const isGone = (end: "from" | "to") => data[end] === null && !problems.some(({ path }) => path[0] === end);
  const missing = [...(isGone("from") ? [from] : []), ...(isGone("to") ? [to] : [])];
  if (missing.length) return { is: "missing", arns: missing };
  return { is: "found", paths: data.paths.paths, isBack: false, reasons: data.paths.coverage.reasons };
}

/** Ids of the cards and links on a path. */
export const idsOf = ({ entities, edges }: PathFragment): string[] => [
  ...entities.map(({ arn }) => arn),
  ...edges.map(({ source, destination }) => edgeId(source.arn, destination.arn)),
];
