import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test, vi } from "vitest";
import type { Problem } from "../src/explorer/api";
import type { Row, Loaded } from "../src/explorer/differences";
import type { Entity } from "../src/explorer/rows";

// The components read the page's settings and address when they are loaded.
vi.stubGlobal("document", { getElementById: () => null });
vi.stubGlobal("location", { hash: "", pathname: "/" });
const { differences } = await import("../src/explorer/differences");

const RUN = { arn: "a", lineageType: "TRIAL_COMPONENT", type: null };

const side = (fields: object, ...denied: string[]): Loaded => ({
  entity: { ...RUN, ...fields } as unknown as Entity,
  problems: denied.map(
    (field) => ({ code: "FORBIDDEN", message: "No.", path: ["entity", field] }) as unknown as Problem,
  ),
});

const number = (key: string, numberValue: number) => ({ key, numberValue, stringValue: null });
const string = (key: string, stringValue: string | null) => ({ key, stringValue, numberValue: null });
const ONE_POINT = { min: null, max: null, avg: null, stdDev: null, count: 1 };
const metric = (metricName: string, last: number, more: object = {}) => ({ metricName, last, ...ONE_POINT, ...more });

/** Each row as its label, its texts, and whether these differ. */
const told = (left: Loaded, right: Loaded) =>
  differences([left, right]).sections.map(({ label, rows }) => [label, rows.map(rowInWords)]);

const rowInWords = ({ label, cells, differs }: Row) => [label, ...cells.map(({ content }) => textOf(content)), differs];
const textOf = (content: Row["cells"][0]["content"]) =>
  content === null ? null : renderToStaticMarkup(content).replaceAll(/<[^>]*>/g, "");

describe("a table", () => {
  test("is matched by keys, with what differs first", () => {
    const left = side({ parameters: [number("eta", 0.1), number("depth", 8), string("loss", "log")] });
    const right = side({ parameters: [string("loss", "log"), number("depth", 6), string("seed", null)] });
    expect(told(left, right)).toEqual([
      [
        "Parameters",
        [
          ["eta", "0.1", null, true],
          ["depth", "8", "6", true],
          ["seed", null, "no value", true],
          ["loss", "log", "log", false],
        ],
      ],
    ]);
  });

  test("tells a number from text only by how it stands", () => {
    const [left, right] = [side({ parameters: [number("eta", 0.1)] }), side({ parameters: [string("eta", "0.1")] })];
    const [section] = differences([left, right]).sections;
    expect(section!.rows[0]).toMatchObject({ differs: false, cells: [{ isNumber: true }, { isNumber: false }] });
  });

  test("has keys like those of objects", () => {
    const property = (key: string, value: string) => ({ key, value });
    const left = side({ properties: [property("__proto__", "1"), property("constructor", "<img>")] });
    expect(told(left, side({ properties: [] }))).toEqual([
      [
        "Properties",
        [
          ["__proto__", "1", null, true],
          ["constructor", "&lt;img&gt;", null, true],
        ],
      ],
    ]);
  });

  test("that was denied cannot be compared", () => {
    const left = side({ properties: null, tags: null }, "properties", "tags");
    const right = side({ properties: [{ key: "stage", value: "test" }], tags: [] });
    expect(told(left, right)).toEqual([
      ["Properties", [["stage", "Missing: denied.", "test", null]]],
      ["Tags", [["Tags", "Missing: denied.", null, null]]],
    ]);
  });
});

describe("metrics", () => {
  test("are written as in the drawer, with their other statistics", () => {
    const statistics = { min: 0.5, avg: 0.123456789, max: 0.9, count: 20 };
    expect(told(side({ metrics: [metric("auc", 0.123456789, statistics)] }), side({ metrics: null }))).toEqual([
      ["Metrics", [["auc", "0.12346least 0.5, mean 0.12346, greatest 0.9, points 20", null, true]]],
    ]);
  });

  test("are written in full where they would look alike", () => {
    const [left, right] = [side({ metrics: [metric("auc", 0.8460001)] }), side({ metrics: [metric("auc", 0.846)] })];
    expect(told(left, right)).toEqual([["Metrics", [["auc", "0.8460001", "0.846", true]]]]);
  });

  test("are not written in full where they are the same", () => {
    const one = side({ metrics: [metric("auc", 0.123456789)] });
    expect(told(one, one)).toEqual([["Metrics", [["auc", "0.12346", "0.12346", false]]]]);
  });

  test("of one name are matched in their order", () => {
    const left = side({ metrics: [metric("auc", 1), metric("auc", 2)] });
    expect(told(left, side({ metrics: [metric("auc", 1)] }))).toEqual([
      [
        "Metrics",
        [
          ["auc (2)", "2", null, true],
          ["auc", "1", "1", false],
        ],
      ],
    ]);
  });
});

describe("other fields", () => {
  const status = (primaryStatus: string) => ({ runStatus: { primaryStatus, message: null } });

  test("are compared as a whole", () => {
    const [left, right] = [side({ name: "one", ...status("COMPLETED") }), side({ name: "one", ...status("FAILED") })];
    expect(told(left, right)).toEqual([
      [
        "Details",
        [
          ["Status", "completed", "failed", true],
          ["Name", "one", "one", false],
        ],
      ],
    ]);
  });

  test("are times in full where they would look alike", () => {
    const began = (startTime: string) => side({ startTime });
    const [early, late] = ["2026-03-08T10:00:00.001+00:00", "2026-03-08T10:00:00.002+00:00"];
    expect(told(began(early), began(late))).toEqual([["Details", [["Began", early, late, true]]]]);
  });

  test("are the same if only what is not shown differs", () => {
    const source = (sourceArn: string) => ({ source: { sourceArn, sourceType: "SageMakerTrainingJob" } });
    const [row] = differences([side(source("one")), side(source("two"))]).sections[0]!.rows;
    expect(row).toMatchObject({ label: "Source type", differs: false });
  });

  test("may belong to one kind only", () => {
    const [left, right] = [side(status("COMPLETED")), side({ description: "By hand." })];
    expect(told(left, right)).toEqual([
      [
        "Details",
        [
          ["Status", "completed", null, true],
          ["Description", null, "By hand.", true],
        ],
      ],
    ]);
  });

  test("that were denied cannot be compared", () => {
    expect(told(side({ lineageGroup: null }, "lineageGroup"), side({ lineageGroup: null }))).toEqual([
      ["Details", [["Lineage group", "Missing: denied.", null, null]]],
    ]);
  });

  test("that neither has are only named", () => {
    const empty = side({ description: "", tags: [], startTime: null, sources: [] });
    expect(differences([empty, empty])).toEqual({
      sections: [],
      unset: ["Tags", "Description", "All sources", "Began"],
    });
  });
});
