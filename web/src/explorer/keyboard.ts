// Keyboard navigation between cards.

import type { Places, Point } from "./layout/arrange";
import type { Scene } from "./scene";

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"] as const;
export type Arrow = (typeof ARROWS)[number];

export const isArrow = (key: string): key is Arrow => (ARROWS as readonly string[]).includes(key);

/** Whether a key is a shortcut of the browser or the system, such as Alt with an arrow to go back. */
export const isCommand = ({ altKey, ctrlKey, metaKey }: Record<"altKey" | "ctrlKey" | "metaKey", boolean>): boolean =>
  altKey || ctrlKey || metaKey;

/** The next card in an arrow's direction: the nearest, but sideways preferably one that is linked. */
export function next(scene: Scene, places: Places, from: string, arrow: Arrow): string | null {
  const here = places.get(from);
  if (!here) return null;
  const linked = new Set(neighboursOf(scene, from));
  const there = [...scene.cards.keys()].filter((id) => places.has(id) && lies(here, places.get(id)!, arrow));
  const sideways = arrow === "ArrowLeft" || arrow === "ArrowRight";
  const best = there.filter((id) => sideways && linked.has(id));
  return nearest(best.length ? best : there, here, places, sideways);
}

/** The cards and stacks that are linked with one. */
export const neighboursOf = ({ links }: Scene, id: string): string[] =>
  links.flatMap(({ source, destination }) => (source === id ? destination : destination === id ? source : []));

function lies(from: Point, to: Point, arrow: Arrow): boolean {
  const [right, down] = [to.x - from.x, to.y - from.y];
  switch (arrow) {
    case "ArrowLeft":
      return right < -1;
    case "ArrowRight":
      return right > 1;
    case "ArrowUp":
      return down < -1;
    case "ArrowDown":
      return down > 1;
  }
}

/** The weight of the distance across the direction, relative to the distance along it. */
const ACROSS = 4;

function nearest(ids: readonly string[], here: Point, places: Places, sideways: boolean): string | null {
  let [found, least]: [string | null, number] = [null, Infinity];
  for (const id of ids) {
    const place = places.get(id)!;
    const [x, y] = [Math.abs(place.x - here.x), Math.abs(place.y - here.y)];
    const distance = sideways ? x + ACROSS * y : y + ACROSS * x;
    if (distance < least) [found, least] = [id, distance];
  }
  return found;
}
