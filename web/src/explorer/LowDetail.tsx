// A zoomed-out large scene as coloured rectangles and lines in a few SVG paths; thousands of elements pan too slowly.

import { Position, ViewportPortal, getBezierPath } from "@xyflow/react";
import { memo, useMemo } from "react";
import type { LineageType } from "../generated/graphql";
import { useExplorer } from "./store";
import { append } from "./graph";
import { type Arranged, HEIGHT, type Places, type Point, WIDTH } from "./layout/arrange";
import { KINDS } from "./names";
import type { Link, Scene } from "./scene";

export const LowDetail = memo(function LowDetail({ scene, places }: Arranged) {
  const lit = useExplorer((state) => state.lit);
  const [whole, dashed] = useMemo(() => {
    const [over, direct] = [scene.links.filter(isOverHidden), scene.links.filter((link) => !isOverHidden(link))];
    return [lines(direct, places), lines(over, places)];
  }, [scene, places]);
  const litLinks = useMemo(() => lines(litOf(scene.links, lit), places), [scene, places, lit]);
  const patches = useMemo(() => patchesOf(scene, places, null), [scene, places]);
  const litPatches = useMemo(() => lit && patchesOf(scene, places, lit), [scene, places, lit]);
  return (
    <ViewportPortal>
      <svg className="far" aria-hidden>
        <g className={lit ? "dim" : ""}>
          <path className="links" d={whole} />
          <path className="links hidden-hops" d={dashed} />
          {patches}
        </g>
        <path className="links lit" d={litLinks} />
        {litPatches}
      </svg>
    </ViewportPortal>
  );
});

/** The id of the card or stack at a point of the scene. */
export function cardAt(places: Places, { x, y }: Point): string | undefined {
  for (const [id, place] of places) {
    if (x >= place.x && x <= place.x + WIDTH && y >= place.y && y <= place.y + HEIGHT) return id;
  }
  return undefined;
}

const isOverHidden = ({ edge }: Link): boolean => !!edge?.hiddenHops;

const litOf = (links: readonly Link[], lit: ReadonlySet<string> | null): readonly Link[] =>
  lit === null ? [] : links.filter(({ id }) => lit.has(id));

function patchesOf({ cards, stacks }: Scene, places: Places, only: ReadonlySet<string> | null) {
  const paths = new Map<string, string[]>();
  const put = (kind: string, id: string) => {
    const place = places.get(id);
    if (!place || (only !== null && !only.has(id))) return;
    append(paths, kind, `M${place.x} ${place.y}h${WIDTH}v${HEIGHT}h${-WIDTH}z`);
  };
  for (const { id, vertex } of cards.values()) put(vertex.lineageType, id);
  for (const id of stacks.keys()) put("stack", id);
  return [...paths].map(([kind, patches]) => (
    <path key={kind} className={`patch ${classOf(kind)}`} d={patches.join("")} />
  ));
}

const classOf = (kind: string): string => (Object.hasOwn(KINDS, kind) ? (kind as LineageType).toLowerCase() : kind);

const lines = (links: readonly Link[], places: Places): string =>
  links.map(({ source, destination }) => line(places.get(source), places.get(destination))).join("");

function line(from: Point | undefined, to: Point | undefined): string {
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
