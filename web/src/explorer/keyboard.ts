// Where the keyboard goes from card to card.

import type { Places, Point } from "./layout/arrange";
import type { Scene } from "./scene";

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"] as const;
export type Arrow = (typeof ARROWS)[number];

export const isArrow = (key: string): key is Arrow => (ARROWS as readonly string[]).includes(key);

/** Whether a key is a command to the browser or the system, such as Alt with an arrow to go back. */
export const isCommand = ({ altKey, ctrlKey, metaKey }: Record<"altKey" | "ctrlKey" | "metaKey", boolean>): boolean =>
  altKey || ctrlKey || metaKey;

/** The card that lies in an arrow's direction: sideways one that is linked where there is one, else the nearest. */
export function next({ cards, links }: Scene, places: Places, from: string, arrow: Arrow): string | null {
  const here = places.get(from);
  if (!here) return null;
  const linked = new Set(
    links.flatMap(({ source, destination }) => (source === from ? destination : destination === from ? source : [])),
  );
  const there = [...cards.keys()].filter((id) => places.has(id) && lies(here, places.get(id)!, arrow));
  const sideways = arrow === "ArrowLeft" || arrow === "ArrowRight";
  const best = there.filter((id) => sideways && linked.has(id));
  return nearest(best.length ? best : there, here, places, sideways);
}

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

/** What lies across the direction counts more than what lies along it. */
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
