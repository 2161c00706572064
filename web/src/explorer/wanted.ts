// A hook that loads data of vertices shown outside the canvas, which may not be in the graph.

import { useEffect } from "react";
import { useExplorer } from "./store";
import { isVertexArn } from "./view";

/** Request the data on mount, and again after the graph has been discarded; a link may name what is no vertex. */
export function useWanted(want: "wantTitles" | "wantSides", arns: readonly string[]): void {
  const graph = useExplorer((state) => state.graph);
  useEffect(() => useExplorer.getState()[want](arns.filter(isVertexArn)), [graph, want, arns.join(" ")]);
}
