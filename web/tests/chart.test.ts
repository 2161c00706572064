import { describe, expect, test } from "vitest";
import { type Metric, byName, chartOf, inWords, scale } from "../src/explorer/chart";

const metric = (more: Partial<Metric>): Metric => ({
  metricName: "auc",
  sourceArn: null,
  timeStamp: null,
  min: null,
  max: null,
  avg: null,
  last: null,
  stdDev: null,
  count: null,
  ...more,
});

describe("scale", () => {
  test("spreads values over the length", () => {
    expect([2, 3, 4].map(scale([2, 4, 3], 100))).toEqual([0, 50, 100]);
  });

  test("puts equal values in the middle", () => {
    expect(scale([7, 7], 100)(7)).toBe(50);
  });

  test("handles the largest numbers", () => {
    expect(scale([-Number.MAX_VALUE, Number.MAX_VALUE], 100)(0)).toBe(50);
  });
});

describe("a chart", () => {
  test("of one summary is a range", () => {
    const chart = chartOf([metric({ min: 0.5, max: 0.9, avg: 0.7, last: 0.9, count: 10 })])!;
    expect(chart).toEqual({ kind: "spread", min: 0.5, max: 0.9, mean: 0.7, last: 0.9 });
    expect(inWords("auc", chart)).toBe("auc: from 0.5 to 0.9, mean 0.7, last 0.9");
  });

  test("of several summaries is a line in chronological order", () => {
    const chart = chartOf([
      metric({ timeStamp: "2026-03-02T00:00:00Z", last: 2 }),
      metric({ timeStamp: "2026-03-01T00:00:00Z", last: null, avg: 1 }),
    ])!;
    expect(chart).toEqual({ kind: "series", values: [1, 2] });
    expect(inWords("auc", chart)).toBe("auc: 2 values in the order of time, from 1 to 2");
  });

  test.each([
    [metric({ last: 1 })],
    [metric({ min: 1, max: 1, count: 5 })],
    [metric({ min: 1, max: 2, count: 1 })],
    [metric({ min: 1, max: Infinity, count: 5 })],
  ])("is null for a single point or infinite values", (one) => {
    expect(chartOf([one])).toBeNull();
  });
});

test("metrics are grouped by name", () => {
  const named = byName([metric({ last: 1 }), metric({ metricName: "loss" }), metric({ last: 2 })]);
  expect([...named].map(([name, alike]) => [name, alike.length])).toEqual([
    ["auc", 2],
    ["loss", 1],
  ]);
});
