// What is drawn of the graph for a view: cards, stacks of siblings, groups where there is too much, and links.

import { type Edge, type Graph, type Side, SIDES, type Vertex, edgeId } from "./graph";
import { type View, isFiltered, sideKey } from "./view";

/** A side of a card. */
export interface CardSide {
  /** Whether this card's neighbours on the side are drawn because of it, so that they can be put away. */
  readonly open: boolean;
  /** Whether any neighbour is drawn. */
  readonly shown: boolean;
  /** Known neighbours that are not drawn. */
  readonly hidden: number;
  /** Whether there may be neighbours that are not known. */
  readonly unknown: boolean;
  /** Whether these are neighbours that were asked for and could not be had. */
  readonly missing: boolean;
}

export interface Card {
  readonly id: string;
  readonly vertex: Vertex;
  /** Hops from the start, negative upstream. */
  readonly distance: number;
  readonly isStart: boolean;
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
  /** Vertices shown, as cards or in groups; those in stacks of siblings are not. */
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

/** Where walks were cut short, on each side; null where none has ended. */
export type Cut = Readonly<Record<Side, { readonly frontier: ReadonlyMap<string, number> } | null>>;

/** Draw a view; `pinned` are vertices that are shown whatever it says, such as those of paths. */
export function draw(graph: Graph, view: View, pinned: readonly string[] = [], cut?: Cut): Scene {
  const reach = new Reach(graph, view, pinned);
  return reach.shown.size > GROUPED_OVER ? grouped(graph, view, reach, cut) : carded(graph, view, reach, cut);
}

/** Which vertices a view shows. */
class Reach {
  readonly shown = new Map<string, number>();
  readonly stacks: { arn: string; side: Side; shown: number; rest: string[]; total: number }[] = [];
  readonly open = new Set<string>();
  private readonly picked: ReadonlySet<string>;

  constructor(
    private readonly graph: Graph,
    private readonly view: View,
    pinned: readonly string[],
  ) {
    this.picked = new Set([...view.picked, ...pinned]);
    for (const arn of view.start) if (graph.vertices.has(arn)) this.shown.set(arn, 0);
    for (const side of SIDES) this.walk(side);
    for (const arn of pinned) this.pin(arn);
    this.follow();
    this.stack();
  }

  /** Go from the start as far as the view's depth; with a filter as far as it was walked, for hops are hidden then. */
  private walk(side: Side): void {
    const most = isFiltered(this.view.filter) && this.view.depth[side] > 0 ? Infinity : this.view.depth[side];
    let level = this.view.start.filter((arn) => this.shown.has(arn));
    for (let hop = 1; hop <= most && level.length; hop++) {
      level = level.flatMap((arn) => this.expand(arn, side));
    }
  }

  /** Show neighbours of a side unless it is closed; returns those that were not shown before. */
  private expand(arn: string, side: Side): string[] {
    const key = sideKey(side, arn);
    if (this.view.closed.has(key)) return [];
    this.open.add(key);
    const distance = this.shown.get(arn)! + (side === "down" ? 1 : -1);
    const fresh = this.visible(arn, side).filter((neighbour) => !this.shown.has(neighbour));
    for (const neighbour of fresh) this.shown.set(neighbour, distance);
    return fresh;
  }

  private visible(arn: string, side: Side): readonly string[] {
    const all = this.graph.neighbours(arn, side);
    if (all.length <= STACKED_OVER) return all;
    const few = this.view.opened.get(sideKey(side, arn)) ?? FEW;
    return all.filter((neighbour, index) => index < few || this.picked.has(neighbour));
  }

  private pin(arn: string): void {
    if (this.shown.has(arn) || !this.graph.vertices.has(arn)) return;
    for (const side of SIDES) {
      const beside = this.graph.neighbours(arn, side).find((neighbour) => this.shown.has(neighbour));
      if (beside !== undefined) {
        this.shown.set(arn, this.shown.get(beside)! + (side === "down" ? -1 : 1));
        return;
      }
    }
    this.shown.set(arn, 0);
  }

  /** Expand the sides that the user opened, each as soon as its card is there. */
  private follow(): void {
    let left = [...this.view.opened.keys()];
    for (let before = -1; before !== left.length;) {
      before = left.length;
      left = left.filter((key) => {
        const [side, arn] = splitKey(key);
        if (!this.shown.has(arn)) return true;
        this.expand(arn, side);
        return false;
      });
    }
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

function splitKey(key: string): [Side, string] {
  const colon = key.indexOf(":");
  return [key.slice(0, colon) as Side, key.slice(colon + 1)];
}

function carded(graph: Graph, view: View, reach: Reach, cut?: Cut): Scene {
  const cards = new Map([...reach.shown.keys()].map((arn) => [arn, cardOf(graph, view, reach, arn, cut)]));
  const stacks = new Map<string, Stack>();
  const links = linksBetween(graph, reach.shown);
  for (const { arn, side, shown, rest, total } of reach.stacks) {
    const id = `stack ${sideKey(side, arn)}`;
    const distance = reach.shown.get(arn)! + (side === "down" ? 1 : -1);
    stacks.set(id, { id, of: { arn, side }, members: rest, shown, total, distance });
    const [source, destination] = side === "down" ? [arn, id] : [id, arn];
    links.push({ id: edgeId(source, destination), source, destination, edge: null, count: rest.length });
  }
  return { cards, stacks, links, shown: reach.shown, grouped: false };
}

function cardOf(graph: Graph, view: View, { open, shown }: Reach, arn: string, cut?: Cut): Card {
  const side = (which: Side): CardSide => {
    const all = graph.neighbours(arn, which);
    const hidden = all.reduce((count, neighbour) => count + (shown.has(neighbour) ? 0 : 1), 0);
    const isOpen = open.has(sideKey(which, arn)) && all.length > 0;
    const unknown = !graph.isExplored(arn, which);
    return {
      open: isOpen,
      shown: hidden < all.length,
      hidden: isOpen ? 0 : hidden,
      unknown,
      missing: unknown && !!cut?.[which]?.frontier.has(arn),
    };
  };
  return {
    id: arn,
    vertex: graph.vertices.get(arn)!,
    distance: shown.get(arn)!,
    isStart: view.start.includes(arn),
    sides: { up: side("up"), down: side("down") },
  };
}

function linksBetween(graph: Graph, shown: ReadonlyMap<string, number>): Link[] {
  const links: Link[] = [];
  for (const edge of graph.edges.values()) {
    if (shown.has(edge.source) && shown.has(edge.destination)) links.push({ ...edge, edge, count: 1 });
  }
  return links;
}

/** Vertices of a kind and type that stand equally far as one; those that stand alone as cards. */
function grouped(graph: Graph, view: View, reach: Reach, cut?: Cut): Scene {
  const groups = new Map<string, string[]>();
  for (const [arn, distance] of reach.shown) {
    const { lineageType, type } = graph.vertices.get(arn)!;
    const id = `group ${distance} ${lineageType} ${type ?? ""}`;
    const group = groups.get(id);
    if (group) group.push(arn);
    else groups.set(id, [arn]);
  }
  const cards = new Map<string, Card>();
  const stacks = new Map<string, Stack>();
  const drawnAs = new Map<string, string>();
  for (const [group, members] of groups) {
    const first = members[0]!;
    const id = members.length > 1 ? group : first;
    for (const arn of members) drawnAs.set(arn, id);
    const distance = reach.shown.get(first)!;
    if (members.length > 1) stacks.set(id, { id, of: null, members, shown: 0, total: members.length, distance });
    else cards.set(id, cardOf(graph, view, reach, first, cut));
  }
  return { cards, stacks, links: linksBetweenGroups(graph, reach.shown, drawnAs), shown: reach.shown, grouped: true };
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
