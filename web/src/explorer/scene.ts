// Computes the scene for a view of the graph: cards, stacks of siblings, groups if there is too much, and links.

import { type Edge, type Graph, type Side, SIDES, type Vertex, append, edgeId } from "./graph";
import { type View, sideKey, splitKey } from "./view";

/** A side of a card. */
export interface CardSide {
  /** Whether the card shows its neighbours on this side, and so can hide them. */
  readonly open: boolean;
  /** Whether any neighbour is drawn. */
  readonly shown: boolean;
  /** Known neighbours that are not drawn. */
  readonly hidden: number;
  /** Whether there may be neighbours that are not loaded. */
  readonly unknown: boolean;
  /** Whether these were requested, but a walk left them out. */
  readonly missing: boolean;
}

export interface Card {
  readonly id: string;
  readonly vertex: Vertex;
  /** Hops from the start, counting hidden vertices, negative upstream; NaN if no connection is shown. */
  readonly distance: number;
  readonly isStart: boolean;
  /** Whether it is the first card in the tab order. */
  readonly isEntry: boolean;
  readonly sides: Readonly<Record<Side, CardSide>>;
}

/** Vertices drawn as one card: a side's hidden siblings, or a group of one type at one distance. */
export interface Stack {
  readonly id: string;
  /** The card and side whose neighbours they are; null for a group. */
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
  /** The edge, if the link is between two cards; else null. */
  readonly edge: Edge | null;
  /** The number of edges that the link represents. */
  readonly count: number;
}

export interface Scene {
  readonly cards: ReadonlyMap<string, Card>;
  readonly stacks: ReadonlyMap<string, Stack>;
  readonly links: readonly Link[];
  /** Distances of the vertices shown as cards or in groups, without those in stacks of siblings. */
  readonly shown: ReadonlyMap<string, number>;
  readonly grouped: boolean;
}

/** Sides with more neighbours than this are stacked. */
export const STACKED_OVER = 8;
/** How many of a stacked side's neighbours are cards at first. */
export const FEW = 4;
/** How many cards each "more" adds. */
export const MORE = 20;
/** Scenes of more vertices than this are drawn as groups. */
export const GROUPED_OVER = 1500;

/** Where walks were cut short, on each side; null until one has ended. */
export type Cut = Readonly<Record<Side, { readonly frontier: ReadonlyMap<string, number> } | null>>;

/** The scene of a view; `pinned` vertices, such as those on paths, are always shown. */
export function draw(graph: Graph, view: View, pinned: readonly string[] = [], cut?: Cut): Scene {
  const reach = new Reach(graph, view, pinned);
  const card = (arn: string) => cardOf(graph, view, reach, arn, cut);
  return reach.shown.size > GROUPED_OVER ? grouped(graph, reach, card) : carded(graph, reach, card);
}

/** Determines which vertices a view shows. */
class Reach {
  readonly shown = new Map<string, number>();
  readonly stacks: { arn: string; side: Side; shown: number; rest: string[]; total: number }[] = [];
  readonly open = new Set<string>();
  /** Whether only the pinned vertices are shown, without buttons to open their sides. */
  readonly isAlone: boolean;
  /** Vertices that are never grouped: the starts and the pinned ones. */
  readonly singly: ReadonlySet<string>;
  private readonly picked: ReadonlySet<string>;

  constructor(
    private readonly graph: Graph,
    private readonly view: View,
    pinned: readonly string[],
  ) {
    const known = pinned.filter((arn) => graph.vertices.has(arn));
    this.isAlone = view.alone && known.length > 0;
    this.picked = new Set([...view.picked, ...known]);
    this.singly = new Set([...view.start, ...known]);
    for (const arn of view.start) if (graph.vertices.has(arn)) this.shown.set(arn, 0);
    for (const side of SIDES) this.walk(side);
    this.follow();
    this.pin(known);
    this.follow();
    if (this.isAlone) this.keepOnly(known);
    else this.stack();
  }

  /** The first card in the tab order. */
  get entry(): string | undefined {
    return this.view.start.find((arn) => this.shown.has(arn)) ?? this.shown.keys().next().value;
  }

  /** Show what lies within the view's depth on a side. */
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

  /** Open a side unless the user closed it; returns its neighbours within `most` hops, with their distances. */
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

  /** The distance of a neighbour in hops, counting hidden vertices. */
  private hops(arn: string, side: Side, neighbour: string): number {
    return 1 + this.graph.between(arn, side, neighbour)!.hiddenHops;
  }

  /** Expand the sides that the user opened; opening one may show the card of another. */
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

  /** Show the pinned vertices, with a distance if they are connected with what is shown. */
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

/** Repeat attempts on the remaining items until none succeeds; returns the remaining ones. */
function exhaust<T>(items: readonly T[], attempt: (item: T) => boolean): readonly T[] {
  const left = items.filter((item) => !attempt(item));
  return left.length && left.length < items.length ? exhaust(left, attempt) : left;
}

/** The id of the stack on a card's side. */
export const stackId = (side: Side, arn: string): string => `stack ${sideKey(side, arn)}`;

function carded(graph: Graph, reach: Reach, card: (arn: string) => Card): Scene {
  const cards = new Map([...reach.shown.keys()].map((arn) => [arn, card(arn)]));
  const stacks = new Map<string, Stack>();
  const links = linksBetween(graph, reach.shown);
  for (const { arn, side, shown, rest, total } of reach.stacks) {
    const id = stackId(side, arn);
    const distance = reach.shown.get(arn)! + SIGNS[side];
    stacks.set(id, { id, of: { arn, side }, members: rest, shown, total, distance });
    const [source, destination] = side === "down" ? [arn, id] : [id, arn];
    links.push({ id: edgeId(source, destination), source, destination, edge: null, count: rest.length });
  }
  return { cards, stacks, links, shown: reach.shown, grouped: false };
}

function cardOf(graph: Graph, view: View, reach: Reach, arn: string, cut?: Cut): Card {
  const side = (which: Side) => (reach.isAlone ? ALONE : cardSide(graph, reach, arn, which, cut));
  return {
    id: arn,
    vertex: graph.vertices.get(arn)!,
    distance: reach.shown.get(arn)!,
    isStart: view.start.includes(arn),
    isEntry: arn === reach.entry,
    sides: { up: side("up"), down: side("down") },
  };
}

const ALONE: CardSide = { open: false, shown: true, hidden: 0, unknown: false, missing: false };

function cardSide(graph: Graph, { open, shown }: Reach, arn: string, side: Side, cut?: Cut): CardSide {
  const all = graph.neighbours(arn, side);
  const hidden = all.reduce((count, neighbour) => count + (shown.has(neighbour) ? 0 : 1), 0);
  const isOpen = open.has(sideKey(side, arn)) && all.length > 0;
  const unknown = !graph.isExplored(arn, side);
  return {
    open: isOpen,
    shown: hidden < all.length,
    hidden: isOpen ? 0 : hidden,
    unknown,
    missing: unknown && !!cut?.[side]?.frontier.has(arn),
  };
}

function linksBetween(graph: Graph, shown: ReadonlyMap<string, number>): Link[] {
  const links: Link[] = [];
  for (const edge of graph.edges.values()) {
    if (shown.has(edge.source) && shown.has(edge.destination)) links.push({ ...edge, edge, count: 1 });
  }
  return links;
}

/** Groups vertices by distance, kind and type; starts, pinned vertices and groups of one become cards. */
function grouped(graph: Graph, { shown, singly }: Reach, card: (arn: string) => Card): Scene {
  const groups = new Map<string, string[]>();
  for (const [arn, distance] of shown) {
    const { lineageType, type } = graph.vertices.get(arn)!;
    append(groups, singly.has(arn) ? arn : `group ${distance} ${lineageType} ${type ?? ""}`, arn);
  }
  const cards = new Map<string, Card>();
  const stacks = new Map<string, Stack>();
  const drawnAs = new Map<string, string>();
  for (const [group, members] of groups) {
    const first = members[0]!;
    const id = members.length > 1 ? group : first;
    for (const arn of members) drawnAs.set(arn, id);
    const distance = shown.get(first)!;
    if (members.length > 1) stacks.set(id, { id, of: null, members, shown: 0, total: members.length, distance });
    else cards.set(id, card(first));
  }
  return { cards, stacks, links: linksBetweenGroups(graph, shown, drawnAs), shown, grouped: true };
}

function linksBetweenGroups(
  graph: Graph,
  shown: ReadonlyMap<string, number>,
  drawnAs: ReadonlyMap<string, string>,
): Link[] {
  const links = new Map<string, Link>();
  for (const { edge, ...ends } of linksBetween(graph, shown)) {
    const [source, destination] = [drawnAs.get(ends.source)!, drawnAs.get(ends.destination)!];
    if (source === destination) continue;
    const id = edgeId(source, destination);
    const isSingle = source === ends.source && destination === ends.destination;
    links.set(id, { id, source, destination, edge: isSingle ? edge : null, count: (links.get(id)?.count ?? 0) + 1 });
  }
  return [...links.values()];
}
