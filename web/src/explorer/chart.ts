// What a small chart of a metric shows, and where.

import type { DetailQuery } from "../generated/graphql";

type Component = Extract<NonNullable<DetailQuery["entity"]>, { readonly metrics: unknown }>;
export type Metric = NonNullable<Component["metrics"]>[number];

/** A metric that several jobs measured, as a line through their last values. */
export interface Series {
  readonly kind: "series";
  readonly values: readonly number[];
}

/** A metric that one job measured several times, of which SageMaker tells the figures alone. */
export interface Spread {
  readonly kind: "spread";
  readonly min: number;
  readonly max: number;
  readonly mean: number | null;
  readonly last: number | null;
}

/** Metrics of one name together, in the order of their first. */
export function byName(metrics: readonly Metric[]): Map<string, Metric[]> {
  const named = new Map<string, Metric[]>();
  for (const metric of metrics) {
    const name = metric.metricName ?? "unnamed";
    named.set(name, [...(named.get(name) ?? []), metric]);
  }
  return named;
}

/** What there is to draw of metrics of one name; null where they have one point only. */
export function chartOf(metrics: readonly Metric[]): Series | Spread | null {
  const [first] = metrics;
  return metrics.length > 1 ? seriesOf(metrics) : first ? spreadOf(first) : null;
}

function seriesOf(metrics: readonly Metric[]): Series | null {
  const values = metrics
    .toSorted((one, two) => moment(one) - moment(two))
    .map(({ last, avg }) => last ?? avg)
    .filter((value) => isNumber(value));
  return values.length > 1 ? { kind: "series", values } : null;
}

function spreadOf({ min, max, avg, last, count }: Metric): Spread | null {
  if (!isNumber(min) || !isNumber(max) || min >= max || (count !== null && count < 2)) return null;
  return { kind: "spread", min, max, mean: isNumber(avg) ? avg : null, last: isNumber(last) ? last : null };
}

const moment = ({ timeStamp }: Metric): number => (timeStamp ? Date.parse(timeStamp) : 0);
const isNumber = (value: number | null): value is number => value !== null && Number.isFinite(value);

/** From values to places between 0 and `length`; all in the middle where they are alike. */
export function scale(values: readonly number[], length: number): (value: number) => number {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // Halves, for the span between the greatest numbers is greater than any.
  const span = most / 2 - least / 2;
  return (value) => (span > 0 ? ((value / 2 - least / 2) / span) * length : length / 2);
}

/** The chart in words, for those who do not see it. */
export function inWords(name: string, chart: Series | Spread): string {
  if (chart.kind === "series") {
    const [first, last] = [chart.values[0]!, chart.values.at(-1)!];
    return `${name}: ${chart.values.length} values in the order of time, from ${figure(first)} to ${figure(last)}`;
  }
  const { min, max, mean, last } = chart;
  const more = [mean !== null && `mean ${figure(mean)}`, last !== null && `last ${figure(last)}`].filter(Boolean);
  return [`${name}: from ${figure(min)} to ${figure(max)}`, ...more].join(", ");
}

/** A number as tables show it. */
export const figure = (value: number): string => value.toLocaleString(undefined, { maximumSignificantDigits: 5 });
