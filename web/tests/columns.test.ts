import { describe, expect, it } from "vitest";
import { columnsOf, passedOver, rowsOf, separated } from "../src/explorer/layout/columns";
import { numbers } from "./graphs";

describe("columns", () => {
  it("lie right of all cards that link to them", () => {
    expect(columnsOf(4, [[0, 1], [1, 2], [0, 2], [2, 3]])).toEqual([0, 1, 2, 3]); // prettier-ignore
  });

  it("have cards without incoming links right before the first they link to", () => {
    expect(columnsOf(5, [[0, 1], [1, 2], [2, 3], [4, 3]])).toEqual([0, 1, 2, 3, 2]); // prettier-ignore
  });

  it("are computed despite cycles", () => {
    expect(columnsOf(3, [[0, 1], [1, 2], [2, 0], [1, 1]])).toEqual([0, 1, 2]); // prettier-ignore
  });

  it("are passed over by links that reach beyond the next column", () => {
    const links = [[0, 1], [1, 2], [0, 2], [2, 0], [1, 1]] as const; // prettier-ignore
    expect(passedOver([0, 1, 2], links)).toBe(2);
  });
});

describe("rows", () => {
  it("are separated within their column, and near to linked cards", () => {
    const [zero, one, two, three] = rowsOf([0, 0, 1, 1], [[0, 3], [1, 2]], 10); // prettier-ignore
    expect(Math.abs(zero! - one!)).toBeGreaterThanOrEqual(10);
    expect([three, two]).toEqual([zero, one]);
  });
});

describe("separating the cards of a column", () => {
  const GAP = 82;
  const cost = (ys: readonly number[], wanted: readonly number[], weights: readonly number[]) =>
    ys.reduce((sum, y, at) => sum + weights[at]! * (y - wanted[at]!) ** 2, 0);
  const isApart = (ys: readonly number[], by = GAP) => ys.every((y, at) => at === 0 || y - ys[at - 1]! >= by);

  it("keeps the order and the gap, as close as possible to the wanted positions", () => {
    const random = numbers(7);
    const draw = () => random.next().value;
    for (let round = 0; round < 200; round++) {
      const wanted = Array.from({ length: 1 + Math.floor(draw() * 12) }, () => draw() * 800).sort((a, b) => a - b);
      const weights = wanted.map(() => (draw() < 0.5 ? 1 : 100));
      const ys = separated(wanted, weights, GAP);
      expect(isApart(ys, GAP - 1e-6)).toBe(true);
      const least = cost(ys, wanted, weights);
      // The minimum of a convex cost: no valid step decreases it.
      for (let step = 0; step < 20; step++) {
        const scale = 10 ** (draw() * 4 - 3);
        const moved = ys.map((y) => y + (draw() - 0.5) * scale);
        if (isApart(moved)) expect(cost(moved, wanted, weights)).toBeGreaterThanOrEqual(least - 1e-6);
      }
    }
  });

  it("leaves them in place if there is room", () => {
    expect(separated([0, 100, 300], [1, 1, 1], GAP)).toEqual([0, 100, 300]);
  });

  it("moves cards of low weight rather than of high weight", () => {
    const [heavy, light] = separated([0, 0], [100, 1], GAP);
    expect(Math.abs(heavy!)).toBeLessThan(1);
    expect(light! - heavy!).toBeCloseTo(GAP);
  });

  it("accepts an empty column", () => {
    expect(separated([], [], GAP)).toEqual([]);
  });
});
