// The whole picture, drawn for printing: the canvas would be cut where it is larger than the paper.

import { useEffect, useRef } from "react";
import { useExplorer } from "./store";
import type { Arranged } from "./layout/arrange";
import { picture } from "./picture";

export function PrintedPicture({ arranged }: { arranged: Arranged }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const draw = () => {
      const { graph, titles } = useExplorer.getState();
      const { svg } = picture(arranged, graph, titles, "light");
      box.current!.replaceChildren(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement);
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
