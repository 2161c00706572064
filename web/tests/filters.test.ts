import { describe, expect, it } from "vitest";
import { kindsOf, parts, toFilterInput, typesOf, withKind, withType } from "../src/explorer/filters";
import type { Vertex } from "../src/explorer/graph";
import { NO_FILTER } from "../src/explorer/view";

const verticesOf = (...types: (string | null)[]): Vertex[] =>
  types.map((type, at) => ({ arn: `arn:${type}:${at}`, lineageType: "ARTIFACT", type }));

describe("offered types", () => {
  it("are counted in the unfiltered scene, most frequent first", () => {
    const whole = verticesOf("Model", "DataSet", "DataSet", null);
    const types = typesOf(whole, verticesOf("Model"), { ...NO_FILTER, types: ["Model"] });
    expect(types.map(({ label, count, isChosen }) => [label, count, isChosen])).toEqual([
      ["Data Set", 2, false],
      ["Model", 1, true],
    ]);
  });

  it("have no count if there has always been a filter", () => {
    const types = typesOf([], verticesOf("Model"), { ...NO_FILTER, types: ["Image"] });
    expect(types.map(({ type, count }) => [type, count])).toEqual([
      ["Image", null],
      ["Model", null],
    ]);
  });

  it("are merged if the gateway treats them as equal", () => {
    const chosen = { ...NO_FILTER, types: ["TrainingJob"] };
    const types = typesOf(verticesOf("SageMakerTrainingJob", "SageMakerTrainingJob"), [], chosen);
    expect(types).toEqual([{ label: "Training Job", type: "SageMakerTrainingJob", count: 2, isChosen: true }]);
    expect(withType(chosen, "SageMakerTrainingJob", false).types).toEqual([]);
  });

  it("may have any name", () => {
    const types = typesOf(verticesOf("__proto__", "constructor", "<b>\u202e"), [], NO_FILTER);
    expect(types.map(({ label }) => label)).toEqual(["<b>\u202e", "__proto__", "constructor"]);
  });
});

describe("a filter", () => {
  const FULL = {
    lineageTypes: ["ACTION" as const, "ARTIFACT" as const],
    types: ["Model"],
    createdAfter: "2026-03-08",
    createdBefore: "2026-03-09",
  };

  it("is split into its parts", () => {
    expect(parts(FULL).map(({ label }) => label)).toEqual([
      "action",
      "artifact",
      "Model",
      "created from 2026-03-08",
      "created up to 2026-03-09",
    ]);
    expect(parts(NO_FILTER)).toEqual([]);
  });

  it("can be removed part by part", () => {
    let left = FULL as typeof NO_FILTER;
    for (let count = 5; count > 0; count--) {
      expect(parts(left)).toHaveLength(count);
      left = parts(left)[0]!.without;
    }
    expect(left).toEqual(NO_FILTER);
  });

  it("contains a kind only once", () => {
    const twice = withKind(withKind(NO_FILTER, "ACTION", true), "ACTION", true);
    expect(twice.lineageTypes).toEqual(["ACTION"]);
  });

  it("includes whole days, in UTC", () => {
    expect(toFilterInput(FULL)).toEqual({ ...FULL, createdBefore: "2026-03-09T23:59:59.999Z" });
    expect(toFilterInput({ ...NO_FILTER, createdBefore: "2026-03-09T10:00Z" })).toEqual({
      createdBefore: "2026-03-09T10:00Z",
    });
    expect(toFilterInput(NO_FILTER)).toBeNull();
  });
});

it("counts kinds", () => {
  expect(kindsOf(verticesOf("Model", null))).toEqual(new Map([["ARTIFACT", 2]]));
});
