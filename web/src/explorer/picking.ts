// Selects vertices, or picks two of them: the ends of a path, or what is compared.

import { create } from "zustand";
import { useExplorer } from "./store";

export type Purpose = "path" | "comparison";

interface Picking {
  /** What the vertices are picked for; null while the user is not picking. */
  readonly purpose: Purpose | null;
  /** The vertex that was picked first. */
  readonly first: string | null;
  /** Whether the user picked the same vertex twice. */
  readonly isSame: boolean;
}

const NOTHING: Picking = { purpose: null, first: null, isSame: false };
export const usePicking = create<Picking>()(() => NOTHING);

/** Start picking two vertices; a selected vertex is the first. */
export function beginPicking(purpose: Purpose): void {
  const [first, other] = useExplorer.getState().view.selected;
  usePicking.setState({ purpose, first: first === undefined || other !== undefined ? null : first, isSame: false });
}

export const cancelPicking = (): void => usePicking.setState(NOTHING);
export const isPicking = (): boolean => usePicking.getState().purpose !== null;

/** Select a vertex; or pick it, if the user is picking, or as an end of a path if `isEnd` is set. */
export function choose(arn: string, isEnd = false): void {
  const { go } = useExplorer.getState();
  if (isEnd && !isPicking()) beginPicking("path");
  const { purpose, first } = usePicking.getState();
  if (purpose === null) return go({ selected: [arn] });
  if (first === null || first === arn) return usePicking.setState({ first: arn, isSame: first === arn });
  cancelPicking();
  go(purpose === "path" ? { path: [first, arn] } : { compared: [first, arn] });
}
