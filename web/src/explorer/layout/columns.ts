// A simple layout in columns, for scenes whose long links would take Graphviz too long.

import { append } from "../graph";

/** A link between two cards, by their indexes. */
export type Pair = readonly [from: number, to: number];

/** The column of each card: right of all cards that link to it, ignoring links that close cycles. */
export function columnsOf(count: number, links: readonly Pair[]): number[] {
  const order = topologicalOrder(count, neighbours(links));
  const places = new Map(order.map((card, at) => [card, at]));
  const onward = links.filter(([from, to]) => places.get(from)! < places.get(to)!);
  const after = neighbours(onward);
  const columns = Array<number>(count).fill(0);
  for (const from of order) {
    for (const to of after.get(from) ?? []) columns[to] = Math.max(columns[to]!, columns[from]! + 1);
  }
  // Cards that nothing links to stand right before the first card they link to.
  const led = new Set(onward.map(([, to]) => to));
  for (const [from, tos] of after) {
    if (!led.has(from)) columns[from] = tos.reduce((least, to) => Math.min(least, columns[to]!), Infinity) - 1;
  }
  return columns;
}

/** The total number of columns that links pass over. */
export const passedOver = (columns: readonly number[], links: readonly Pair[]): number =>
  links.reduce((sum, [from, to]) => sum + Math.max(0, Math.abs(columns[to]! - columns[from]!) - 1), 0);

/** How often the cards of each column are moved closer to those they are linked with. */
const SWEEPS = 8;

/** The vertical position of each card: near those it is linked with, and `gap` from the next in its column. */
export function rowsOf(columns: readonly number[], links: readonly Pair[], gap: number): number[] {
  const [before, after] = [neighbours(links.map(([from, to]) => [to, from])), neighbours(links)];
  const byColumn = new Map<number, number[]>();
  columns.forEach((column, card) => append(byColumn, column, card));
  const rightwards = [...byColumn].sort(([one], [two]) => one - two).map(([, cards]) => cards);
  const rows = Array<number>(columns.length).fill(0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isRightwards = sweep % 2 === 0;
    for (const cards of isRightwards ? rightwards : rightwards.toReversed()) {
      const near = (card: number) => middle((isRightwards ? before : after).get(card) ?? [card], rows);
      const wanted = cards.map((card) => [card, near(card)] as const).sort(([, one], [, two]) => one - two);
      const apart = separated(
        wanted.map(([, row]) => row),
        wanted.map(() => 1),
        gap,
      );
      wanted.forEach(([card], at) => (rows[card] = apart[at]!));
    }
  }
  return rows;
}

const middle = (cards: readonly number[], rows: readonly number[]): number =>
  cards.reduce((sum, card) => sum + rows[card]!, 0) / cards.length;

function neighbours(links: readonly Pair[]): Map<number, number[]> {
  const after = new Map<number, number[]>();
  for (const [from, to] of links) append(after, from, to);
  return after;
}

/** Sorts the cards topologically, ignoring links that close cycles. */
function topologicalOrder(count: number, after: ReadonlyMap<number, readonly number[]>): number[] {
  const seen = new Set<number>();
  const order: number[] = [];
  for (let first = 0; first < count; first++) {
    const stack = seen.has(first) ? [] : [{ card: first, next: 0 }];
    seen.add(first);
    for (let here = stack.at(-1); here; here = stack.at(-1)) {
      const to = after.get(here.card)?.[here.next++];
      if (to === undefined) order.push(stack.pop()!.card);
      else if (!seen.has(to)) {
        seen.add(to);
        stack.push({ card: to, next: 0 });
      }
    }
  }
  return order.reverse();
}

/** The positions closest to the wanted ones, by weighted least squares, that keep the order and are `gap` apart. */
export function separated(wanted: readonly number[], weights: readonly number[], gap: number): number[] {
  // Without the gaps, the positions must be non-decreasing: isotonic regression, by pooling adjacent violators.
  const pools: { value: number; weight: number; size: number }[] = [];
  wanted.forEach((y, at) => {
    let pool = { value: y - at * gap, weight: weights[at]!, size: 1 };
    for (let last = pools.at(-1); last && last.value > pool.value; last = pools.at(-1)) {
      const weight = last.weight + pool.weight;
      const value = (last.value * last.weight + pool.value * pool.weight) / weight;
      pool = { value, weight, size: last.size + pool.size };
      pools.pop();
    }
    pools.push(pool);
  });
  return pools.flatMap(({ value, size }) => Array<number>(size).fill(value)).map((value, at) => value + at * gap);
}
