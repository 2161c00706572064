// The icons of cards as SVG elements, for the exported picture, which is not rendered by React.

import { TriangleAlert } from "lucide-react";
import { createRoot } from "react-dom/client";
import { flushSync } from "react-dom";
import { Icon } from "./Icon";
import type { Vertex } from "./graph";

export const iconKey = ({ lineageType, type }: Vertex): string => `${lineageType} ${type ?? ""}`;
export const MISSING = "missing";

/** The icons of these vertices by `iconKey`, and the one for missing neighbours. */
export function iconsOf(vertices: Iterable<Vertex>): Map<string, SVGElement> {
  const kinds = new Map([...vertices].map((vertex) => [iconKey(vertex), vertex]));
  const box = document.createElement("div");
  const root = createRoot(box);
  flushSync(() =>
    root.render(
      <>
        {[...kinds].map(([key, { lineageType, type }]) => (
          <Icon key={key} lineageType={lineageType} type={type} />
        ))}
        <TriangleAlert key={MISSING} />
      </>,
    ),
  );
  const drawn = [...box.children].map((child) => child.cloneNode(true) as SVGElement);
  root.unmount();
  return new Map([...kinds.keys(), MISSING].map((key, at) => [key, drawn[at]!]));
}
