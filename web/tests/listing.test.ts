import { describe, expect, it } from "vitest";
import { type Column, type Titles, type Wanted, counted, matching, rowsOf, sorted } from "../src/explorer/listing";
import { typeOf } from "../src/explorer/names";
import { draw } from "../src/explorer/scene";
import { graphOf, viewOf } from "./graphs";

const many = Array.from({ length: 20 }, (_, at) => `m${at}`);
const FAN = graphOf("p>a", ...many.map((one) => `a>${one}`), ...many.map((one) => `b>${one}`));
const ROWS = rowsOf(draw(FAN, viewOf("a")), FAN);

const title = (arn: string, name: string | null, creationTime: string | null = null, sourceUri: string | null = null) =>
  [arn, { arn, lineageType: "ARTIFACT", type: null, name, creationTime, sourceUri }] as const;
const ALL: Wanted = { kinds: new Set(), types: new Set(), text: "" };
const arnsBy = (by: Column, isDown: boolean, titles: Titles = new Map()) =>
  sorted(ROWS, { by, isDown }, titles).map(({ arn }) => arn);

describe("rows", () => {
  it("are the shown and stacked vertices, each once", () => {
    expect(ROWS.map(({ arn }) => arn).sort()).toEqual(["a", "p", ...many].sort());
    expect(ROWS.filter(({ isStacked }) => isStacked)).toHaveLength(16);
  });

  it("of two stacks with the same members are not repeated", () => {
    const opened = new Map([["up:m0", 4]]);
    const scene = draw(FAN, viewOf("a", { opened }));
    const twice = draw(FAN, viewOf("a", { opened: new Map([...opened, ["down:b", 4]]) }));
    expect(twice.stacks.size).toBe(2);
    expect(rowsOf(twice, FAN)).toHaveLength(rowsOf(scene, FAN).length);
  });

  it("have the distance and the numbers of neighbours", () => {
    const row = (arn: string) => ROWS.find((one) => one.arn === arn)!;
    expect(row("p")).toMatchObject({ distance: -1, counts: { up: { known: 0 }, down: { known: 1, isAll: true } } });
    expect(row("m19")).toMatchObject({ distance: 1, counts: { up: { known: 2 } } });
  });
});

describe("sorting", () => {
  const titles = new Map([
    title("a", "run-10", "2026-03-01T00:00:00.000+00:00", "s3://b/2"),
    title("p", "run-9", "2026-03-02T00:00:00.000+00:00"),
    title("m3", null, null, "s3://b/1"),
  ]);

  it("compares numbers in names as numbers", () => {
    expect(arnsBy("name", false, titles).slice(0, 3)).toEqual(["m3", "p", "a"]);
  });

  it.each([true, false])("puts rows without a value last (descending: %s)", (isDown) => {
    expect(new Set(arnsBy("created", isDown, titles).slice(0, 2))).toEqual(new Set(["a", "p"]));
    expect(new Set(arnsBy("source", isDown, titles).slice(0, 2))).toEqual(new Set(["a", "m3"]));
  });

  it("is ascending or descending", () => {
    expect(arnsBy("created", false, titles).slice(0, 2)).toEqual(["a", "p"]);
    expect(arnsBy("created", true, titles).slice(0, 2)).toEqual(["p", "a"]);
    expect(arnsBy("distance", false)[0]).toBe("p");
    expect(arnsBy("distance", true).at(-1)).toBe("p");
    expect(arnsBy("down", true)[0]).toBe("a");
  });

  it("is stable", () => {
    expect(arnsBy("kind", true)).toEqual(ROWS.map(({ arn }) => arn));
  });

  it("puts unconnected vertices last", () => {
    const graph = graphOf("a>b", "x>y");
    const rows = rowsOf(draw(graph, viewOf("a"), ["x", "y"]), graph);
    expect(sorted(rows, { by: "distance", isDown: true }, new Map()).map(({ arn }) => arn)).toEqual([
      "b",
      "a",
      "x",
      "y",
    ]);
  });
});

describe("searching", () => {
  const titles = new Map([title("m4", "Übung <b>", null, "s3://Bucket/Key")]);
  const found = (text: string) => matching(ROWS, { ...ALL, text }, titles).map(({ arn }) => arn);

  it("matches names, sources, types and ARNs, ignoring case", () => {
    expect(found("übung")).toEqual(["m4"]);
    expect(found(" bucket/KEY ")).toEqual(["m4"]);
    expect(found("m13")).toEqual(["m13"]);
    expect(found("data set")).toHaveLength(ROWS.length);
    expect(found("nothing of this")).toEqual([]);
  });

  it("narrows by kind and type", () => {
    expect(matching(ROWS, { ...ALL, kinds: new Set(["ACTION"]) }, titles)).toEqual([]);
    expect(matching(ROWS, { ...ALL, types: new Set(["Data Set"]) }, titles)).toHaveLength(ROWS.length);
  });
});

it("counts the rows of a type, most frequent first", () => {
  const graph = graphOf("a>b");
  graph.add([{ arn: "c", lineageType: "ACTION", type: null }], []);
  const rows = rowsOf(draw(graph, viewOf("a"), ["c"]), graph);
  expect(counted(rows, ({ vertex }) => typeOf(vertex))).toEqual([
    ["Data Set", 2],
    ["action", 1],
  ]);
});
