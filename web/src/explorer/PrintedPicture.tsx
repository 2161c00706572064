// The whole picture, drawn for printing: the canvas would be cut where it is larger than the paper.
// Browsers print at once, so names of cards that have never been in view can only be fetched for the next time.

import { useEffect, useRef } from "react";
import { useExplorer } from "./store";
import type { Arranged } from "./layout/arrange";
import { VARIABLES, picture } from "./picture";

const NOT_NAMED = "Some names had not been loaded when this was printed. Printing again may show them.";

export function PrintedPicture({ arranged }: { arranged: Arranged }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const draw = () => {
      const { graph, titles, wantTitles } = useExplorer.getState();
      const { svg } = picture(arranged, graph, titles, VARIABLES);
      const unnamed = [...arranged.scene.cards.keys()].filter((arn) => !titles.has(arn));
      wantTitles(unnamed);
      box.current!.replaceChildren(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement);
      if (unnamed.length) box.current!.append(NOT_NAMED);
    };
    const clear = () => box.current!.replaceChildren();
    addEventListener("beforeprint", draw);
    addEventListener("afterprint", clear);
    return () => {
      removeEventListener("beforeprint", draw);
      removeEventListener("afterprint", clear);
    };
  }, [arranged]);
  return <div ref={box} className="printed" />;
}
