// A hook that loads data of vertices shown outside the canvas, which may not be in the graph.

import { useEffect } from "react";
import { useExplorer } from "./store";

/** Request the data on mount, and again after the graph has been discarded. */
export function useWanted(want: "wantTitles" | "wantSides", arns: readonly string[]): void {
  const graph = useExplorer((state) => state.graph);
  useEffect(() => useExplorer.getState()[want](arns), [graph, want, arns.join(" ")]);
}
