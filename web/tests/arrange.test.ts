import { describe, expect, it } from "vitest";
import { COLUMN, HEIGHT, type Places, WIDTH, arrange, settled } from "../src/explorer/layout/arrange";
import { numbers, sceneOf } from "./graphs";

const overlaps = (places: Places) => {
  const all = [...places.values()];
  return all.some((one, at) =>
    all.some((two, after) => {
      return after > at && Math.abs(one.x - two.x) < WIDTH && Math.abs(one.y - two.y) < HEIGHT - 1e-6;
    }),
  );
};

/** Alternating runs and models, each made from the one before, and as many images, each used by every run. */
function retrainings(length: number, images: number) {
  const chain = Array.from({ length }, (_, at) => `${at}`);
  const shared = Array.from({ length: images }, (_, at) => `image-${at}`);
  const runs = chain.filter((_, at) => at % 2);
  const links = [
    ...chain.slice(1).map((id, at) => [chain[at]!, id] as const),
    ...shared.flatMap((image) => runs.map((run) => [image, run] as const)),
  ];
  return sceneOf([...chain, ...shared], links);
}

describe("a scene with long links", () => {
  it("is laid out from left to right without Graphviz", async () => {
    const scene = retrainings(200, 3);
    const places = await arrange(scene, new Map(), undefined);
    expect(places.size).toBe(203);
    expect(overlaps(places)).toBe(false);
    for (const { source, destination } of scene.links) {
      expect(places.get(source)!.x + WIDTH).toBeLessThan(places.get(destination)!.x);
    }
  });
});

describe("adding cards to a layout", () => {
  /** A layout of three columns of cards, `0-0` to `2-4`, each linked with one in the next column. */
  const ids = [0, 1, 2].flatMap((column) => [0, 1, 2, 3, 4].map((row) => `${column}-${row}`));
  const offset = { x: 0.5 * COLUMN, y: -333 };
  const placeOf = (id: string) => {
    const [column, row] = id.split("-").map(Number) as [number, number];
    return { x: column * COLUMN + offset.x + (row % 2 ? 1e-9 : -1e-9), y: row * (HEIGHT + 18) + offset.y };
  };
  const before: Places = new Map(ids.map((id) => [id, placeOf(id)]));
  const links = [0, 1].flatMap((c) => [0, 1, 2, 3, 4].map((row) => [`${c}-${row}`, `${c + 1}-${row}`] as const));
  const settle = (more: readonly string[], moreLinks: readonly (readonly [string, string])[], from = ids) => {
    const all = [...from, ...more];
    const scene = sceneOf(
      all,
      [...links, ...moreLinks].filter((ends) => ends.every((end) => all.includes(end))),
    );
    return settled(scene, all, before);
  };
  it("moves nothing if nothing is added, or a card is removed", () => {
    expect(settle([], [])).toEqual(before);
    const left = ids.slice(3);
    expect(settle([], [], left)).toEqual(new Map(left.map((id) => [id, before.get(id)!])));
  });

  it("moves nothing for a card in a new column", () => {
    const places = settle(["new"], [["2-2", "new"]])!;
    for (const id of ids) expect(places.get(id)).toEqual(before.get(id));
    expect(places.get("new")).toEqual({ x: placeOf("2-2").x + COLUMN, y: placeOf("2-2").y });
  });

  it("puts sources on the left", () => {
    expect(settle(["new"], [["new", "0-1"]])!.get("new")!.x).toBeCloseTo(placeOf("0-1").x - COLUMN);
  });

  it("follows a chain of new cards", () => {
    const places = settle(["two", "one"], [["2-0", "one"], ["one", "two"]])!; // prettier-ignore
    expect(places.get("two")!.x - places.get("2-0")!.x).toBeCloseTo(2 * COLUMN);
  });

  it("never overlaps cards, and leaves other columns alone", () => {
    const random = numbers(11);
    for (let round = 0; round < 100; round++) {
      const count = 1 + Math.floor(random.next().value * 10);
      const fresh = Array.from({ length: count }, (_, at) => `new${at}`);
      const ends = fresh.map((id) => [`1-${Math.floor(random.next().value * 5)}`, id] as const);
      const places = settle(fresh, ends)!;
      expect(overlaps(places)).toBe(false);
      for (const id of ids.filter((id) => !id.startsWith("2"))) expect(places.get(id)).toEqual(before.get(id));
    }
  });

  it("keeps the order of existing cards", () => {
    const fresh = Array.from({ length: 10 }, (_, at) => `new${at}`);
    const places = settle(
      fresh,
      fresh.map((id) => ["1-2", id]),
    )!;
    const ys = [0, 1, 2, 3, 4].map((row) => places.get(`2-${row}`)!.y);
    expect(ys).toEqual([...ys].sort((a, b) => a - b));
  });

  it("gives up if a card would have to lie between adjacent columns", () => {
    expect(settle(["new"], [["0-0", "new"], ["new", "1-0"]])).toBeNull(); // prettier-ignore
  });

  it("gives up if most cards are new, or a new one has no link", () => {
    const fresh = Array.from({ length: 16 }, (_, at) => `new${at}`);
    expect(settle(fresh, fresh.map((id) => ["2-0", id]))).toBeNull(); // prettier-ignore
    expect(settle(["alone"], [])).toBeNull();
    expect(settled(sceneOf(["a"], []), ["a"], new Map())).toBeNull();
  });

  it("is stable despite a cycle", () => {
    const places = settle(["new"], [["2-0", "0-0"], ["2-4", "new"]])!; // prettier-ignore
    for (const id of ids) expect(places.get(id)).toEqual(before.get(id));
  });
});
