import { describe, expect, it } from "vitest";
import { FEW, GROUPED_OVER, MORE, STACKED_OVER, draw } from "../src/explorer/scene";
import { NO_FILTER, sideKey } from "../src/explorer/view";
import { graphOf, viewOf } from "./graphs";

const CHAIN = graphOf("a>b", "b>c", "c>d", "d>e");
const distances = (scene: ReturnType<typeof draw>) => Object.fromEntries(scene.shown);
const many = (count: number) => Array.from({ length: count }, (_, at) => `m${at}`);
const FAN = graphOf(...many(30).map((one) => `a>${one}`), "m0>x", "m29>y");

describe("depth", () => {
  it("limits each side", () => {
    expect(distances(draw(CHAIN, viewOf("c", { depth: { up: 1, down: 2 } })))).toEqual({ b: -1, c: 0, d: 1, e: 2 });
  });

  it("of 0 shows only the start", () => {
    const scene = draw(CHAIN, viewOf("c", { depth: { up: 0, down: 0 } }));
    expect(distances(scene)).toEqual({ c: 0 });
    expect(scene.cards.get("c")!.sides).toMatchObject({
      up: { open: false, shown: false, hidden: 1, unknown: false },
      down: { open: false, shown: false, hidden: 1, unknown: false },
    });
  });

  it("counts hops over hidden vertices", () => {
    const graph = graphOf("a>2>b", "b>c");
    const at = (down: number) => distances(draw(graph, viewOf("a", { depth: { up: 0, down } })));
    expect(at(2)).toEqual({ a: 0 });
    expect(at(3)).toEqual({ a: 0, b: 3 });
    expect(at(4)).toEqual({ a: 0, b: 3, c: 4 });
  });

  it("follows the shorter of two paths, even if it has more cards", () => {
    const graph = graphOf("a>3>c", "a>b", "b>c", "c>d");
    expect(distances(draw(graph, viewOf("a", { depth: { up: 0, down: 3 } })))).toEqual({ a: 0, b: 1, c: 2, d: 3 });
  });

  it("leaves a side closed if some of it is too far", () => {
    const graph = graphOf("a>b", "a>5>c");
    const scene = draw(graph, viewOf("a", { depth: { up: 0, down: 1 } }));
    expect(scene.cards.get("a")!.sides.down).toMatchObject({ open: false, hidden: 1, unknown: false });
  });

  it("ends in a cycle", () => {
    const scene = draw(graphOf("a>b", "b>c", "c>a"), viewOf("a", { depth: { up: 9, down: 9 } }));
    expect(new Set(scene.shown.keys())).toEqual(new Set(["a", "b", "c"]));
    expect(scene.links).toHaveLength(3);
  });

  it("shows nothing for an unknown start", () => {
    expect(draw(CHAIN, viewOf("nowhere")).shown.size).toBe(0);
  });
});

describe("sides", () => {
  it("hide what is behind them when closed", () => {
    const closed = new Set([sideKey("down", "b")]);
    const scene = draw(CHAIN, viewOf("a", { depth: { up: 0, down: 4 }, closed }));
    expect([...scene.shown.keys()]).toEqual(["a", "b"]);
    expect(scene.cards.get("b")!.sides.down).toMatchObject({ open: false, hidden: 1, unknown: false });
  });

  it("open a chain in any order", () => {
    const keys = ["d", "c", "b"].map((arn) => sideKey("down", arn));
    for (const order of [keys, [...keys].reverse()]) {
      const opened = new Map(order.map((key) => [key, FEW]));
      expect(distances(draw(CHAIN, viewOf("a", { opened })))).toEqual({ a: 0, b: 1, c: 2, d: 3, e: 4 });
    }
  });

  it("ignore what was opened behind a closed side", () => {
    const opened = new Map([[sideKey("down", "c"), FEW]]);
    const closed = new Set([sideKey("down", "b")]);
    expect([...draw(CHAIN, viewOf("a", { opened, closed })).shown.keys()]).toEqual(["a", "b"]);
  });

  it("are marked if neighbours are not loaded", () => {
    const graph = graphOf("a>b");
    graph.add([{ arn: "c", lineageType: "CONTEXT", type: null }], []);
    expect(draw(graph, viewOf("c")).cards.get("c")!.sides.up).toMatchObject({ open: false, hidden: 0, unknown: true });
  });
});

describe("stacks", () => {
  it("hold siblings beyond the first few", () => {
    const scene = draw(FAN, viewOf("a"));
    const [stack] = [...scene.stacks.values()];
    expect(scene.cards.size).toBe(1 + FEW);
    expect(stack).toMatchObject({ of: { arn: "a", side: "down" }, shown: FEW, total: 30, distance: 1 });
    expect(stack!.members).toHaveLength(30 - FEW);
    expect(scene.links.find(({ destination }) => destination === stack!.id)).toMatchObject({ source: "a", count: 26 });
  });

  it("are not used up to the limit", () => {
    const graph = graphOf(...many(STACKED_OVER).map((one) => `a>${one}`));
    expect(draw(graph, viewOf("a")).stacks.size).toBe(0);
  });

  it("show more, and at last all", () => {
    const shown = (count: number) => draw(FAN, viewOf("a", { opened: new Map([[sideKey("down", "a"), count]]) }));
    expect(shown(FEW + MORE).cards.size).toBe(1 + FEW + MORE);
    expect(shown(FEW + 2 * MORE).stacks.size).toBe(0);
  });

  it("release picked vertices", () => {
    const scene = draw(FAN, viewOf("a", { picked: ["m20", "nowhere"] }));
    expect(scene.cards.has("m20")).toBe(true);
    expect([...scene.stacks.values()][0]).toMatchObject({ shown: FEW + 1, total: 30 });
  });
});

describe("pinned vertices", () => {
  it("join what is shown, in any order", () => {
    for (const pinned of [
      ["c", "d", "e"],
      ["e", "d", "c"],
    ]) {
      expect(distances(draw(CHAIN, viewOf("a"), pinned))).toEqual({ a: 0, b: 1, c: 2, d: 3, e: 4 });
    }
  });

  it("are shown despite stacks and closed sides", () => {
    const closed = new Set([sideKey("down", "a")]);
    expect(draw(FAN, viewOf("a"), ["m29", "y"]).cards.has("m29")).toBe(true);
    expect([...draw(FAN, viewOf("a", { closed }), ["m29", "y"]).shown.keys()]).toEqual(["a", "m29", "y"]);
  });

  it("have no distance if they are unconnected", () => {
    const scene = draw(graphOf("a>b", "x>y"), viewOf("a"), ["x", "y"]);
    expect(distances(scene)).toEqual({ a: 0, b: 1, x: NaN, y: NaN });
  });

  it("that are unknown are not shown", () => {
    expect(draw(CHAIN, viewOf("a"), ["nowhere"]).shown.has("nowhere")).toBe(false);
  });

  it("can be shown alone, without side buttons and with one tab stop", () => {
    const scene = draw(CHAIN, viewOf("a", { depth: { up: 0, down: 4 }, alone: true }), ["c", "d"]);
    expect(distances(scene)).toEqual({ c: 2, d: 3 });
    expect(scene.stacks.size).toBe(0);
    const cards = [...scene.cards.values()];
    expect(cards.every(({ sides }) => !sides.up.hidden && !sides.down.hidden && !sides.up.open)).toBe(true);
    expect(cards.filter(({ isEntry }) => isEntry)).toHaveLength(1);
  });

  it("hide nothing while there are none", () => {
    expect(draw(CHAIN, viewOf("a", { alone: true })).shown.size).toBe(2);
  });
});

describe("a large scene", () => {
  const count = GROUPED_OVER + 1;
  const graph = graphOf("p>a", ...many(count).map((one) => `a>${one}`), "m7>z");
  const view = viewOf("a", { depth: { up: 1, down: 2 }, opened: new Map([[sideKey("down", "a"), count]]) });

  it("is grouped by distance, kind and type, except for groups of one", () => {
    const scene = draw(graph, view);
    expect(scene.grouped).toBe(true);
    expect([...scene.cards.keys()]).toEqual(["a", "p", "z"]);
    expect([...scene.stacks.values()]).toMatchObject([{ distance: 1, total: count, of: null }]);
    expect(scene.links.map((link) => link.count)).toEqual([1, count, 1]);
  });

  it("has one group per type and distance", () => {
    const far = graphOf(...many(count).flatMap((one) => [`a>${one}`, `${one}>far-${one}`]));
    const scene = draw(far, view);
    expect([...scene.stacks.values()].map(({ distance, total }) => [distance, total])).toEqual([
      [1, count],
      [2, count],
    ]);
  });

  it("contains each vertex once", () => {
    const scene = draw(graph, view, ["m7", "z"]);
    const drawn = [...scene.cards.keys(), ...[...scene.stacks.values()].flatMap(({ members }) => members)];
    expect(new Set(drawn)).toEqual(new Set(scene.shown.keys()));
    expect(drawn).toHaveLength(scene.shown.size);
  });

  it("does not group pinned vertices or the edges between them", () => {
    const scene = draw(graph, view, ["m7", "z"]);
    expect(new Set(scene.cards.keys())).toEqual(new Set(["a", "p", "m7", "z"]));
    expect(scene.links.find(({ source, destination }) => source === "m7" && destination === "z")?.edge).not.toBeNull();
  });

  it("is not grouped up to the limit", () => {
    const few = graphOf(...many(GROUPED_OVER - 1).map((one) => `a>${one}`));
    expect(draw(few, view).grouped).toBe(false);
  });
});

describe("a filter", () => {
  it("keeps the edges over hidden vertices, with their number", () => {
    const filter = { ...NO_FILTER, types: ["DataSet"] };
    const scene = draw(graphOf("a>2>b"), viewOf("a", { depth: { up: 0, down: 3 }, filter }));
    expect(scene.links.map(({ edge }) => edge?.hiddenHops)).toEqual([2]);
  });

  it("respects the depth", () => {
    const filter = { ...NO_FILTER, types: ["DataSet"] };
    const graph = graphOf("a>b", "b>c", "c>d");
    expect(draw(graph, viewOf("a", { depth: { up: 0, down: 1 }, filter })).shown.size).toBe(2);
  });

  it("replaces edges over hidden vertices by direct ones", () => {
    const graph = graphOf("a>2>b", "a>b", "a>1>b");
    expect(draw(graph, viewOf("a")).links.map(({ edge }) => edge?.hiddenHops)).toEqual([0]);
    expect(graph.neighbours("a", "down")).toEqual(["b"]);
  });
});
