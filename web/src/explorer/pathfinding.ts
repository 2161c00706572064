// Finds the paths between two vertices, and holds the state of picking them.

import { create } from "zustand";
import { type IncompleteReason, type PathFragment, PathsBetweenDocument } from "../generated/graphql";
import { type Problem, ask, asProblem } from "./api";
import { useExplorer } from "./store";
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

interface Picking {
  /** The ends picked so far; null while the user is not picking. */
  readonly ends: readonly [] | readonly [from: string] | null;
  /** Whether the user picked the same vertex twice. */
  readonly isSame: boolean;
}

export const usePicking = create<Picking>()(() => ({ ends: null, isSame: false }));

/** Start picking the ends of a path; a selected vertex is the first. */
export function beginPicking(): void {
  const { selected } = useExplorer.getState().view;
  usePicking.setState({ ends: selected.length === 1 ? selected : [], isSame: false });
}

export const cancelPicking = (): void => usePicking.setState({ ends: null, isSame: false });
export const isPicking = (): boolean => usePicking.getState().ends !== null;

/** Select a vertex; or pick it as an end of a path, if the user is picking or `isEnd` is set. */
export function choose(arn: string, isEnd = false): void {
  const { go } = useExplorer.getState();
  if (isEnd && !isPicking()) beginPicking();
  const { ends } = usePicking.getState();
  if (ends === null) return go({ selected: [arn] });
  const [from] = ends;
  if (from === undefined || from === arn) return usePicking.setState({ ends: [arn], isSame: from === arn });
  cancelPicking();
  go({ path: [from, arn] });
}
