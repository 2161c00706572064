import { describe, expect, test } from "vitest";
import { type Entry, matching, reference, shortSource } from "../src/explorer/matching";

const entry = (name: string, more: Partial<Entry> = {}): Entry => ({
  arn: `arn:aws:sagemaker:eu-west-1:123456789012:artifact/${name}`,
  lineageType: "ARTIFACT",
  type: "DataSet",
  name,
  sourceUri: null,
  ...more,
});

const names = (entries: readonly Entry[]) => entries.map(({ name }) => name);

describe("matching", () => {
  test("puts exact matches of the gateway before names", () => {
    const exact = entry("b");
    expect(names(matching("a", [exact], [entry("a"), exact]))).toEqual(["b", "a"]);
  });

  test("puts full names before prefixes before substrings", () => {
    const others = [entry("old-churn"), entry("churn-2"), entry("churn")];
    expect(names(matching("Churn", [], others))).toEqual(["churn", "churn-2", "old-churn"]);
  });

  test("requires every word, in any order and place", () => {
    const others = [entry("churn-model", { type: "Model" }), entry("churn-data")];
    expect(names(matching("model churn", [], others))).toEqual(["churn-model"]);
    expect(names(matching("data set churn", [], others))).toEqual(["churn-data"]);
  });

  test("searches sources", () => {
    const others = [entry("one", { sourceUri: "s3://acme/runs/7/train.csv" }), entry("two")];
    expect(names(matching("s3://acme/runs/7", [], others))).toEqual(["one"]);
  });

  test("matches full ARNs, but no word that all ARNs share", () => {
    const others = [entry("one"), entry("two")];
    expect(names(matching(others[1]!.arn, [], others))).toEqual(["two"]);
    expect(matching("eu-west-1", [], others)).toEqual([]);
  });

  test("lists each vertex once, with its first name", () => {
    expect(names(matching("name", [], [entry("a", { name: "name one" }), entry("a", { name: "name two" })]))).toEqual([
      "name one",
    ]);
  });

  test("finds nothing for an empty text", () => {
    expect(matching(" \u200b ", [], [entry("one")])).toEqual([]);
  });
});

test("a reference is the pasted text without invisible characters", () => {
  expect(reference("\u00a0s3://acme/\u200btrain.csv\u200f\t")).toBe("s3://acme/train.csv");
});

test.each([
  '"s3://acme/it\'s.csv",',
  "'s3://acme/it's.csv';",
  "` s3://acme/it's.csv `",
  "“s3://acme/it's.csv”",
  "‘s3://acme/it's.csv’",
  "<s3://acme/it's.csv>",
  '"S3Uri": "s3://acme/it\'s.csv",',
  "S3_URI=s3://acme/it's.csv",
  "s3://acme/it's.csv",
])("a reference is what %s quotes", (text) => {
  expect(reference(text)).toBe("s3://acme/it's.csv");
});

test.each([
  ["arn:aws:sagemaker:eu-west-1:123456789012:model-package/churn/3", "model-package/churn/3"],
  ["s3://acme/train.csv", "s3://acme/train.csv"],
  ["arn:nonsense", "arn:nonsense"],
])("%s is %s for short", (uri, short) => {
  expect(shortSource(uri)).toBe(short);
});
