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

  it("covers everything upstream and downstream, and nothing beside", () => {
    expect(lineageOf(scene, "c")).toEqual(new Set(["a", "b", "c", "d", "a b", "b c", "c d"]));
  });

  it("excludes an edge that bypasses the card", () => {
    expect(lineageOf(scene, "b").has("a d")).toBe(false);
  });

  it("covers only the card if it has no links", () => {
    expect(lineageOf(scene, "apart")).toEqual(new Set(["apart"]));
  });

  it("ends in a cycle", () => {
    const circle = sceneOf(
      ["a", "b"],
      [
        ["a", "b"],
        ["b", "a"],
      ],
    );
    expect(lineageOf(circle, "a")).toEqual(new Set(["a", "b", "a b", "b a"]));
  });

  it("goes into stacks, and from them to their own side", () => {
    const fan = graphOf("p>a", ...Array.from({ length: 20 }, (_, at) => `a>m${at}`));
    const stacked = draw(fan, viewOf("a"));
    const [stack] = [...stacked.stacks.keys()];
    expect(lineageOf(stacked, "p").has(stack!)).toBe(true);
    expect(lineageOf(stacked, stack!)).toEqual(new Set(["p", "a", "p a", stack, `a ${stack}`]));
  });
});
