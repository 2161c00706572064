import { describe, expect, it } from "vitest";
import { lineageOf } from "../src/explorer/highlight";
import { draw } from "../src/explorer/scene";
import { graphOf, sceneOf, viewOf } from "./graphs";

describe("highlight", () => {
  const scene = sceneOf(
    ["a", "b", "c", "d", "side", "apart"],
    [
      ["a", "b"],
      ["b", "c"],
      ["c", "d"],
      ["a", "side"],
      ["a", "d"],
    ],
  );

  it("goes the whole way up and down, and not aside", () => {
    expect(lineageOf(scene, "c")).toEqual(new Set(["a", "b", "c", "d", "a b", "b c", "c d"]));
  });

  it("leaves an edge dark that passes the card by", () => {
    expect(lineageOf(scene, "b").has("a d")).toBe(false);
  });

  it("lights a card without links alone", () => {
    expect(lineageOf(scene, "apart")).toEqual(new Set(["apart"]));
  });

  it("ends in a circle", () => {
    const circle = sceneOf(
      ["a", "b"],
      [
        ["a", "b"],
        ["b", "a"],
      ],
    );
    expect(lineageOf(circle, "a")).toEqual(new Set(["a", "b", "a b", "b a"]));
  });

  it("goes into stacks, and out of them to the side that they are of", () => {
    const fan = graphOf("p>a", ...Array.from({ length: 20 }, (_, at) => `a>m${at}`));
    const stacked = draw(fan, viewOf("a"));
    const [stack] = [...stacked.stacks.keys()];
    expect(lineageOf(stacked, "p").has(stack!)).toBe(true);
    expect(lineageOf(stacked, stack!)).toEqual(new Set(["p", "a", "p a", stack, `a ${stack}`]));
  });
});
