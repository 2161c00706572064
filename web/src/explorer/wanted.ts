// What is shown beside the picture of vertices that may not be in it.

import { useEffect } from "react";
import { useExplorer } from "./store";

/** See that it is known of these vertices, and once more where all that was known has been forgotten meanwhile. */
export function useWanted(want: "wantTitles" | "wantSides", arns: readonly string[]): void {
  const graph = useExplorer((state) => state.graph);
  useEffect(() => useExplorer.getState()[want](arns), [graph, want, arns.join(" ")]);
}
