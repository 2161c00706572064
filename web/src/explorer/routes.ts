// The paths between two vertices: their ends as the user picks them, and the ways between them.

import { create } from "zustand";
import { type IncompleteReason, type PathFragment, PathsBetweenDocument } from "../generated/graphql";
import { type Problem, ask, asProblem } from "./api";
import { useExplorer } from "./store";
import { edgeId } from "./graph";
import type { View } from "./view";

export type Ends = NonNullable<View["path"]>;

/** What became of looking for paths. */
export type Answer =
  | { readonly is: "asking" }
  | { readonly is: "same" }
  | { readonly is: "missing"; readonly arns: readonly string[] }
  | { readonly is: "problem"; readonly problem: Problem }
  | Found;

/** Paths, the shortest first; none where `paths` is empty. */
export interface Found {
  readonly is: "found";
  readonly paths: readonly PathFragment[];
  /** Whether they lead from the second end to the first, for want of one that leads the other way. */
  readonly isBack: boolean;
  /** Why there may be more of them. */
  readonly reasons: readonly IncompleteReason[];
}

/** Hops and paths that are looked for. */
export const MOST_HOPS = 20;
const MOST_PATHS = 20;

/** Look for paths along the arrows, if there are none the other way. */
export async function find([from, to]: Ends, signal: AbortSignal): Promise<Answer> {
  if (from === to) return { is: "same" };
  try {
    const forth = await found(from, to, signal);
    if (forth.is !== "found" || forth.paths.length) return forth;
    const back = await found(to, from, signal);
    if (back.is !== "found") return back;
    const isBack = back.paths.length > 0;
    return { ...back, isBack, reasons: isBack ? back.reasons : [...new Set([...forth.reasons, ...back.reasons])] };
  } catch (error) {
    return { is: "problem", problem: asProblem(error) };
  }
}

async function found(from: string, to: string, signal: AbortSignal): Promise<Answer> {
  const asked = { from, to, maxDepth: MOST_HOPS, first: MOST_PATHS };
  const { data, problems } = await ask(PathsBetweenDocument, asked, signal);
  const isGone = (end: "from" | "to") => data[end] === null && !problems.some(({ path }) => path[0] === end);
  const missing = [...(isGone("from") ? [from] : []), ...(isGone("to") ? [to] : [])];
  if (missing.length) return { is: "missing", arns: missing };
  return { is: "found", paths: data.paths.paths, isBack: false, reasons: data.paths.coverage.reasons };
}

/** The ids of the cards and links on a path. */
export const idsOf = ({ entities, edges }: PathFragment): string[] => [
  ...entities.map(({ arn }) => arn),
  ...edges.map(({ source, destination }) => edgeId(source.arn, destination.arn)),
];

interface Picking {
  /** The ends picked so far; null while none are wanted. */
  readonly ends: readonly [] | readonly [from: string] | null;
  /** Whether the same vertex was picked again. */
  readonly isSame: boolean;
}

export const usePicking = create<Picking>()(() => ({ ends: null, isSame: false }));

/** Have the ends of paths picked, of which what is selected is the first. */
export function beginPicking(): void {
  const { selected } = useExplorer.getState().view;
  usePicking.setState({ ends: selected.length === 1 ? selected : [], isSame: false });
}

export const cancelPicking = (): void => usePicking.setState({ ends: null, isSame: false });
export const isPicking = (): boolean => usePicking.getState().ends !== null;

/** Select a vertex or, while ends of paths are wanted or this is to be one, pick it. */
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
