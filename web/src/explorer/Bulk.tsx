// The links of a large picture as one element: thousands of their own would not pan smoothly.

import { Position, ViewportPortal, getBezierPath } from "@xyflow/react";
import { memo, useMemo } from "react";
import { useExplorer } from "./explorer";
import { HEIGHT, type Places, WIDTH } from "./layout/arrange";
import type { Link, Scene } from "./scene";

export const Bulk = memo(function Bulk({ scene, places }: { scene: Scene; places: Places }) {
  const lit = useExplorer((state) => state.lit);
  const whole = useMemo(() => lines(scene, places, ({ edge }) => !edge?.hiddenHops), [scene, places]);
  const dashed = useMemo(() => lines(scene, places, ({ edge }) => !!edge?.hiddenHops), [scene, places]);
  const bright = useMemo(() => lines(scene, places, ({ id }) => !!lit?.has(id)), [scene, places, lit]);
  return (
    <ViewportPortal>
      <svg className={lit ? "bulk dim" : "bulk"} aria-hidden>
        <path d={whole} />
        <path d={dashed} className="hidden-hops" />
        <path d={bright} className="lit" />
      </svg>
    </ViewportPortal>
  );
});

function lines({ links }: Scene, places: Places, which: (link: Link) => boolean): string {
  return links
    .filter(which)
    .map(({ source, destination }) => line(places, source, destination))
    .join("");
}

function line(places: Places, source: string, destination: string): string {
  const [from, to] = [places.get(source), places.get(destination)];
  if (!from || !to) return "";
  const [path] = getBezierPath({
    sourceX: from.x + WIDTH,
    sourceY: from.y + HEIGHT / 2,
    sourcePosition: Position.Right,
    targetX: to.x,
    targetY: to.y + HEIGHT / 2,
    targetPosition: Position.Left,
  });
  return path;
}
