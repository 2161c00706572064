// What is drawn of the graph for a view: cards, stacks of siblings, groups where there is too much, and links.

import { type Edge, type Graph, type Side, SIDES, type Vertex, edgeId, push } from "./graph";
import { type View, sideKey } from "./view";

/** A side of a card. */
export interface CardSide {
  /** Whether this card's neighbours on the side are drawn because of it, so that they can be put away. */
  readonly open: boolean;
  /** Known neighbours that are not drawn. */
  readonly hidden: number;
  /** Whether there may be neighbours that are not known. */
  readonly unknown: boolean;
}

export interface Card {
  readonly id: string;
  readonly vertex: Vertex;
  /** Hops from the start, negative upstream, those over hidden vertices counted; NaN where no way there is shown. */
  readonly distance: number;
  readonly isStart: boolean;
  /** Whether the keyboard comes to it first. */
  readonly isEntry: boolean;
  readonly sides: Readonly<Record<Side, CardSide>>;
}

/** Vertices drawn as one: the siblings that a side does not show, or all of a type that stand equally far. */
export interface Stack {
  readonly id: string;
  /** The card and its side whose neighbours they are; null for a group. */
  readonly of: { readonly arn: string; readonly side: Side } | null;
  readonly members: readonly string[];
  /** How many of the side's neighbours are drawn as cards. */
  readonly shown: number;
  readonly total: number;
  readonly distance: number;
}

export interface Link {
  readonly id: string;
  readonly source: string;
  readonly destination: string;
  /** The edge, where it is one between two cards. */
  readonly edge: Edge | null;
  /** How many edges it stands for. */
  readonly count: number;
}

export interface Scene {
  readonly cards: ReadonlyMap<string, Card>;
  readonly stacks: ReadonlyMap<string, Stack>;
  readonly links: readonly Link[];
  /** Distances of the vertices shown, as cards or in groups; those in stacks of siblings are not. */
  readonly shown: ReadonlyMap<string, number>;
  readonly grouped: boolean;
}

/** More neighbours than this on a side are stacked. */
export const STACKED_OVER = 8;
/** How many of a stack's siblings stand beside it at first, and come with each "more". */
export const FEW = 4;
export const MORE = 20;
/** More vertices than this are drawn as groups. */
export const GROUPED_OVER = 1500;

/** Draw a view; `pinned` are vertices that are shown whatever it says, such as those of paths. */
export function draw(graph: Graph, view: View, pinned: readonly string[] = []): Scene {
  const reach = new Reach(graph, view, pinned);
  return reach.shown.size > GROUPED_OVER ? grouped(graph, view, reach, pinned) : carded(graph, view, reach);
}

/** Which vertices a view shows. */
class Reach {
  readonly shown = new Map<string, number>();
  readonly stacks: { arn: string; side: Side; shown: number; rest: string[]; total: number }[] = [];
  readonly open = new Set<string>();
  /** Whether only the pinned vertices are shown, which cannot be opened then. */
  readonly isAlone: boolean;
  private readonly picked: ReadonlySet<string>;

  constructor(
    private readonly graph: Graph,
    private readonly view: View,
    pinned: readonly string[],
  ) {
    const known = pinned.filter((arn) => graph.vertices.has(arn));
    this.isAlone = view.alone && known.length > 0;
    this.picked = new Set([...view.picked, ...known]);
    for (const arn of view.start) if (graph.vertices.has(arn)) this.shown.set(arn, 0);
    for (const side of SIDES) this.walk(side);
    this.follow();
    this.pin(known);
    this.follow();
    if (this.isAlone) this.keepOnly(known);
    else this.stack();
  }

  /** Go from the start as far as the view's depth. */
  private walk(side: Side): void {
    const hops = new Map<string, number>();
    const levels: string[][] = [this.view.start.filter((arn) => this.shown.has(arn))];
    for (let level = 0; level < levels.length; level++) {
      for (const arn of levels[level] ?? []) {
        if (hops.has(arn)) continue;
        hops.set(arn, level);
        for (const [neighbour, away] of this.expand(arn, side, this.view.depth[side] - level)) {
          (levels[level + away] ??= []).push(neighbour);
        }
      }
    }
    for (const [arn, away] of hops) if (!this.shown.has(arn)) this.shown.set(arn, SIGNS[side] * away);
  }

  /** Open a side unless it is closed; returns its neighbours within so many hops, and how many hops away each is. */
  private expand(arn: string, side: Side, most: number): (readonly [neighbour: string, away: number])[] {
    const key = sideKey(side, arn);
    if (most < 1 || this.view.closed.has(key)) return [];
    const visible = this.visible(arn, side).map((neighbour) => [neighbour, this.hops(arn, side, neighbour)] as const);
    const near = visible.filter(([, away]) => away <= most);
    if (near.length === visible.length) this.open.add(key);
    return near;
  }

  private visible(arn: string, side: Side): readonly string[] {
    const all = this.graph.neighbours(arn, side);
    if (all.length <= STACKED_OVER) return all;
    const few = this.view.opened.get(sideKey(side, arn)) ?? FEW;
    return all.filter((neighbour, index) => index < few || this.picked.has(neighbour));
  }

  /** Hops to a neighbour, those over hidden vertices counted. */
  private hops(arn: string, side: Side, neighbour: string): number {
    return 1 + this.graph.between(arn, side, neighbour)!.hiddenHops;
  }

  /** Expand the sides that the user opened, each as soon as its card is there. */
  private follow(): void {
    exhaust([...this.view.opened.keys()], (key) => {
      const [side, arn] = splitKey(key);
      const from = this.shown.get(arn);
      if (from === undefined) return false;
      for (const [neighbour, away] of this.expand(arn, side, Infinity)) {
        if (!this.shown.has(neighbour)) this.shown.set(neighbour, from + SIGNS[side] * away);
      }
      return true;
    });
  }

  /** Show vertices wherever they are, each beside what is shown already where that can be. */
  private pin(pinned: readonly string[]): void {
    const apart = exhaust(pinned, (arn) => this.shown.has(arn) || SIDES.some((side) => this.pinBeside(arn, side)));
    for (const arn of apart) this.shown.set(arn, NaN);
  }

  private pinBeside(arn: string, side: Side): boolean {
    const beside = this.graph.neighbours(arn, side).find((neighbour) => this.shown.has(neighbour));
    if (beside === undefined) return false;
    this.shown.set(arn, this.shown.get(beside)! - SIGNS[side] * this.hops(arn, side, beside));
    return true;
  }

  private keepOnly(pinned: readonly string[]): void {
    const kept = new Set(pinned);
    for (const arn of [...this.shown.keys()]) if (!kept.has(arn)) this.shown.delete(arn);
  }

  private stack(): void {
    for (const key of this.open) {
      const [side, arn] = splitKey(key);
      const all = this.graph.neighbours(arn, side);
      const rest = all.filter((neighbour) => !this.shown.has(neighbour));
      if (rest.length) this.stacks.push({ arn, side, shown: all.length - rest.length, rest, total: all.length });
    }
  }
}

const SIGNS: Record<Side, 1 | -1> = { up: -1, down: 1 };

/** Go over items for as long as one of them can be done; returns those that cannot. */
function exhaust<T>(items: readonly T[], attempt: (item: T) => boolean): readonly T[] {
  const left = items.filter((item) => !attempt(item));
  return left.length && left.length < items.length ? exhaust(left, attempt) : left;
}

function splitKey(key: string): [Side, string] {
  const colon = key.indexOf(":");
  return [key.slice(0, colon) as Side, key.slice(colon + 1)];
}

function carded(graph: Graph, view: View, reach: Reach): Scene {
  const stacks = new Map<string, Stack>();
  const links = linksBetween(graph, reach.shown);
  for (const { arn, side, shown, rest, total } of reach.stacks) {
    const id = `stack ${sideKey(side, arn)}`;
    const distance = reach.shown.get(arn)! + SIGNS[side];
    stacks.set(id, { id, of: { arn, side }, members: rest, shown, total, distance });
    const [source, destination] = side === "down" ? [arn, id] : [id, arn];
    links.push({ id: edgeId(source, destination), source, destination, edge: null, count: rest.length });
  }
  const cards = cardsOf(graph, view, reach, [...reach.shown.keys()]);
  return { cards, stacks, links, shown: reach.shown, grouped: false };
}

function cardsOf(graph: Graph, view: View, reach: Reach, arns: readonly string[]): Map<string, Card> {
  const starts = new Set(view.start);
  const entry = view.start.find((arn) => reach.shown.has(arn)) ?? arns[0];
  const card = (arn: string): Card => ({
    id: arn,
    vertex: graph.vertices.get(arn)!,
    distance: reach.shown.get(arn)!,
    isStart: starts.has(arn),
    isEntry: arn === entry,
    sides: { up: cardSide(graph, reach, arn, "up"), down: cardSide(graph, reach, arn, "down") },
  });
  return new Map(arns.map((arn) => [arn, card(arn)]));
}

function cardSide(graph: Graph, reach: Reach, arn: string, side: Side): CardSide {
  if (reach.isAlone) return { open: false, hidden: 0, unknown: false };
  const all = graph.neighbours(arn, side);
  const hidden = all.reduce((count, neighbour) => count + (reach.shown.has(neighbour) ? 0 : 1), 0);
  const open = reach.open.has(sideKey(side, arn)) && all.length > 0;
  return { open, hidden: open ? 0 : hidden, unknown: !graph.isExplored(arn, side) };
}

function linksBetween(graph: Graph, shown: ReadonlyMap<string, number>): Link[] {
  const links: Link[] = [];
  for (const edge of graph.edges.values()) {
    if (shown.has(edge.source) && shown.has(edge.destination)) links.push({ ...edge, edge, count: 1 });
  }
  return links;
}

/** Draw vertices as groups, but for the starts and those that are pinned. */
function grouped(graph: Graph, view: View, reach: Reach, pinned: readonly string[]): Scene {
  const { shown } = reach;
  const singly = new Set([...view.start, ...pinned].filter((arn) => shown.has(arn)));
  const members = new Map<string, string[]>();
  const drawnAs = new Map([...singly].map((arn) => [arn, arn]));
  for (const [arn, distance] of shown) {
    if (singly.has(arn)) continue;
    const { lineageType, type } = graph.vertices.get(arn)!;
    const id = `group ${distance} ${lineageType} ${type ?? ""}`;
    drawnAs.set(arn, id);
    push(members, id, arn);
  }
  const stacks = new Map<string, Stack>();
  for (const [id, arns] of members) {
    stacks.set(id, { id, of: null, members: arns, shown: 0, total: arns.length, distance: shown.get(arns[0]!)! });
  }
  const links = new Map<string, Link>();
  for (const link of linksBetween(graph, shown)) {
    const [source, destination] = [drawnAs.get(link.source)!, drawnAs.get(link.destination)!];
    if (source === destination) continue;
    const id = edgeId(source, destination);
    const isSingle = source === link.source && destination === link.destination;
    const count = (links.get(id)?.count ?? 0) + 1;
    links.set(id, isSingle ? link : { id, source, destination, edge: null, count });
  }
  return { cards: cardsOf(graph, view, reach, [...singly]), stacks, links: [...links.values()], shown, grouped: true };
}
