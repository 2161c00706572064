// Lays out scenes: with Graphviz if it can, and keeps existing cards in place when some are added.

import { append } from "../graph";
import type { Scene } from "../scene";
import { columnsOf, passedOver, rowsOf, separated } from "./columns";
import { layOut } from "./engine";

export interface Point {
  readonly x: number;
  readonly y: number;
}
export type Places = ReadonlyMap<string, Point>;

/** A scene with the places of its cards and stacks. */
export interface Arranged {
  readonly scene: Scene;
  readonly places: Places;
}

export const WIDTH = 232;
export const HEIGHT = 64;
const GAP = 18;
export const COLUMN = WIDTH + 96;

/** Lay a scene out, and keep the places from before if most of its cards have one. */
export async function arrange(scene: Scene, before: Places, anchor: string | undefined): Promise<Places> {
  const ids = [...scene.cards.keys(), ...scene.stacks.keys()];
  return settled(scene, ids, before) ?? anchored(await tidy(scene, ids), before, anchor);
}

/** Graphviz adds a virtual node for each column a link passes over, and takes minutes for a few times this number. */
const MAX_PASSED_OVER = 5000;

async function tidy(scene: Scene, ids: readonly string[]): Promise<Places> {
  const index = new Map(ids.map((id, at) => [id, at]));
  const links = scene.links.map(({ source, destination }) => [index.get(source)!, index.get(destination)!] as const);
  const columns = columnsOf(ids.length, links);
  const boxes = ids.map(() => ({ width: WIDTH, height: HEIGHT }));
  const corners = passedOver(columns, links) > MAX_PASSED_OVER ? null : await layOut(boxes, links);
  if (corners) return new Map(ids.map((id, at) => [id, { x: corners[at]![0], y: corners[at]![1] }]));
  const rows = rowsOf(columns, links, HEIGHT + GAP);
  return new Map(ids.map((id, at) => [id, { x: columns[at]! * COLUMN, y: rows[at]! }]));
}

/** Move everything so that the anchor keeps its place, or else the remaining cards do on average. */
function anchored(now: Places, before: Places, anchor: string | undefined): Places {
  const still = anchor !== undefined && before.has(anchor) && now.has(anchor) ? [anchor] : [...now.keys()];
  const kept = still.filter((id) => before.has(id));
  if (!kept.length) return now;
  const mean = (of: (id: string) => number) => kept.reduce((sum, id) => sum + of(id), 0) / kept.length;
  const dx = mean((id) => before.get(id)!.x - now.get(id)!.x);
  const dy = mean((id) => before.get(id)!.y - now.get(id)!.y);
  return new Map([...now].map(([id, { x, y }]) => [id, { x: x + dx, y: y + dy }]));
}

/** Place new cards beside the ones they are linked with; null if there are too many, or the columns have no room. */
export function settled(scene: Scene, ids: readonly string[], before: Places): Places | null {
  const fresh = ids.filter((id) => !before.has(id));
  const old = ids.length - fresh.length;
  if (old === 0 || fresh.length > Math.max(old, 4)) return null;
  const places = new Map(ids.filter((id) => before.has(id)).map((id) => [id, before.get(id)!]));
  const beside = neighbours(scene);
  for (let left = fresh, moved = true; left.length;) {
    if (!moved) return null;
    moved = false;
    left = left.filter((id) => {
      const place = besideOthers(id, beside, places);
      if (place === null) return true;
      places.set(id, place);
      moved = true;
      return false;
    });
  }
  return isLeftToRight(scene, places) ? spread(places, new Set(fresh)) : null;
}

interface Beside {
  readonly before: string[];
  readonly after: string[];
}

function neighbours(scene: Scene): Map<string, Beside> {
  const beside = new Map<string, Beside>();
  const of = (id: string) => {
    const known = beside.get(id) ?? { before: [], after: [] };
    beside.set(id, known);
    return known;
  };
  for (const { source, destination } of scene.links) {
    of(source).after.push(destination);
    of(destination).before.push(source);
  }
  return beside;
}

function besideOthers(id: string, beside: ReadonlyMap<string, Beside>, places: Places): Point | null {
  const known = (ids: readonly string[]) => ids.flatMap((one) => places.get(one) ?? []);
  const { before, after } = beside.get(id) ?? { before: [], after: [] };
  const [left, right] = [known(before), known(after)];
  if (!left.length && !right.length) return null;
  const x = left.length ? Math.max(...left.map((p) => p.x)) + COLUMN : Math.min(...right.map((p) => p.x)) - COLUMN;
  const around = [...left, ...right];
  return { x, y: around.reduce((sum, { y }) => sum + y, 0) / around.length };
}

/** Whether all links lead to the right, except in cycles, where one must lead back. */
function isLeftToRight({ links }: Scene, places: Places): boolean {
  const after = new Map<string, string[]>();
  for (const { source, destination } of links) append(after, source, destination);
  return links.every(({ source, destination }) => {
    const [from, to] = [places.get(source), places.get(destination)];
    return !from || !to || from.x + WIDTH <= to.x || leadsTo(after, destination, source);
  });
}

function leadsTo(after: ReadonlyMap<string, readonly string[]>, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const at of seen) {
    if (at === to) return true;
    for (const next of after.get(at) ?? []) seen.add(next);
  }
  return false;
}

/** Separate overlapping cards within their columns; old cards move only if new ones need the room. */
function spread(places: Places, fresh: ReadonlySet<string>): Places {
  const columns = new Map<number, (readonly [string, Point])[]>();
  const [first] = places.values();
  for (const entry of places) {
    // Relative to a card: columns may have any offset, and rounding must not split one.
    const column = Math.round((entry[1].x - first!.x) / COLUMN);
    append(columns, column, entry);
  }
  const apart = new Map<string, Point>();
  for (const column of columns.values()) {
    column.sort(([, one], [, two]) => one.y - two.y);
    const wanted = column.map(([, { y }]) => y);
    const weights = column.map(([id]) => (fresh.has(id) ? 1 : 100));
    const ys = column.some(([id]) => fresh.has(id)) ? separated(wanted, weights, HEIGHT + GAP) : wanted;
    column.forEach(([id, { x }], at) => apart.set(id, { x, y: ys[at]! }));
  }
  return apart;
}
