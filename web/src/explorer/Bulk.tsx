// The links of a large picture as one element: thousands of their own would not pan smoothly.

import { Position, ViewportPortal, getBezierPath } from "@xyflow/react";
import { memo, useMemo } from "react";
import { useExplorer } from "./explorer";
import { HEIGHT, type Places, WIDTH } from "./layout/arrange";
import type { Scene } from "./scene";

export const Bulk = memo(function Bulk({ scene, places }: { scene: Scene; places: Places }) {
  const isDim = useExplorer(({ lit }) => lit !== null);
  const path = useMemo(
    () => scene.links.map(({ source, destination }) => line(places, source, destination)).join(""),
    [scene, places],
  );
  return (
    <ViewportPortal>
      <svg className={isDim ? "bulk dim" : "bulk"} aria-hidden>
        <path d={path} />
      </svg>
    </ViewportPortal>
  );
});

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
