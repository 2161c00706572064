import { describe, expect, test } from "vitest";
import type { IncompleteReason, CoverageFragment } from "../src/generated/graphql";
import { Graph } from "../src/explorer/graph";
import { type Missing, missing, onward, resumed } from "../src/explorer/missing";

/** A chain of vertices, each derived from the one before. */
function chain(...arns: string[]): Graph {
  const graph = new Graph();
  graph.add(
    arns.map((arn) => ({ arn, lineageType: "ARTIFACT", type: null })),
    arns.slice(1).map((arn, at) => ({
      source: { arn: arns[at]! },
      destination: { arn },
      associationType: null,
      hiddenHops: 0,
    })),
  );
  return graph;
}

const left = (reasons: IncompleteReason[], frontier: string[]): CoverageFragment => ({
  complete: reasons.length === 0,
  reasons,
  frontier,
  asOf: "2026-10-01T00:00:00Z",
});
const asked = (hops: number, ...start: string[]) => ({ start, side: "down" as const, hops, maxVertices: 2000 });

describe("what a walk left out", () => {
  const graph = chain("a", "b", "c", "d");

  test("is nothing if it only stopped at its maximum depth", () => {
    expect(missing(graph, asked(3, "a"), left(["MAX_DEPTH"], ["d"])).frontier.size).toBe(0);
  });

  test("lies beyond frontier vertices nearer than its maximum depth", () => {
    const { frontier } = missing(graph, asked(3, "a"), left(["MAX_DEPTH", "ACCESS_DENIED"], ["b", "d"]));
    expect([...frontier]).toEqual([["b", 2]]);
  });

  test("counts hidden vertices as hops", () => {
    const hidden = chain("a");
    hidden.add(
      [{ arn: "z", lineageType: "ARTIFACT", type: null }],
      [{ source: { arn: "a" }, destination: { arn: "z" }, associationType: null, hiddenHops: 4 }],
    );
    expect([...missing(hidden, asked(7, "a"), left(["THROTTLED"], ["z"])).frontier]).toEqual([["z", 2]]);
  });
});

describe("continuing a walk", () => {
  const before: Missing = {
    reasons: ["MAX_VERTICES"],
    frontier: new Map([
      ["b", 2],
      ["c", 2],
      ["d", 1],
    ]),
    maxVertices: 2000,
  };
  const nothing = missing(new Graph(), asked(2, "b"), left([], []));

  test("begins at the nearest vertices, which miss the same number of hops", () => {
    expect(onward(before, new Set())).toEqual({ start: ["b", "c"], hops: 2 });
    expect(onward(before, new Set(["b"]))).toEqual({ start: ["c"], hops: 2 });
    expect(onward(before, new Set(["b", "c"]))).toEqual({ start: ["d"], hops: 1 });
    expect(onward(before, new Set(["b", "c", "d"]))).toBeNull();
  });

  test("takes at most as many starts as a walk may have", () => {
    const many = { ...before, frontier: new Map(Array.from({ length: 150 }, (_, at) => [String(at), 1])) };
    const first = onward(many, new Set())!;
    expect(first.start).toHaveLength(100);
    expect(onward(many, new Set(first.start))!.start).toHaveLength(50);
  });

  test("keeps the rest of the frontier and its reasons", () => {
    const now = resumed(before, asked(2, "b", "c"), nothing);
    expect(now).toEqual({ reasons: ["MAX_VERTICES"], frontier: new Map([["d", 1]]), maxVertices: 2000 });
    expect(resumed(now, asked(1, "d"), nothing)).toEqual({ reasons: [], frontier: new Map(), maxVertices: 2000 });
  });

  test("keeps vertices that were continued by too few hops", () => {
    expect([...resumed(before, asked(1, "b", "d"), nothing).frontier.keys()]).toEqual(["b", "c"]);
  });

  test("adds the new frontier, including what was denied again", () => {
    const after = { reasons: ["ACCESS_DENIED" as const], frontier: new Map([["b", 2]]), maxVertices: 2000 };
    const now = resumed({ ...before, frontier: new Map([["b", 2]]) }, asked(2, "b"), after);
    expect(now).toEqual(after);
  });

  test("keeps the reason that some vertices no longer exist", () => {
    const gone = { ...before, reasons: ["MAX_VERTICES", "DANGLING"] as const };
    expect(resumed(gone, asked(2, "b", "c", "d"), nothing).reasons).toEqual(["DANGLING"]);
  });
});
