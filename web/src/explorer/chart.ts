// The data of the small charts of metrics.

import type { DetailQuery } from "../generated/graphql";
import { append } from "./graph";

type Component = Extract<NonNullable<DetailQuery["entity"]>, { readonly metrics: unknown }>;
export type Metric = NonNullable<Component["metrics"]>[number];

/** A metric that several jobs measured, as a line through their last values. */
export interface Series {
  readonly kind: "series";
  readonly values: readonly number[];
}

/** A metric that one job measured; SageMaker returns only its statistics, not the points. */
export interface Spread {
  readonly kind: "spread";
  readonly min: number;
  readonly max: number;
  readonly mean: number | null;
  readonly last: number | null;
}

/** Metrics grouped by name, in order of first occurrence. */
export function byName(metrics: readonly Metric[]): Map<string, Metric[]> {
  const named = new Map<string, Metric[]>();
  for (const metric of metrics) append(named, metric.metricName ?? "unnamed", metric);
  return named;
}

/** The chart of the metrics of one name; null if there is only one point. */
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

/** Maps values linearly to 0..`length`; all to the middle if they are equal. */
export function scale(values: readonly number[], length: number): (value: number) => number {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // Halved, because the span between the largest doubles would overflow.
  const span = most / 2 - least / 2;
  return (value) => (span > 0 ? ((value / 2 - least / 2) / span) * length : length / 2);
}

/** The text alternative of a chart. */
export function inWords(name: string, chart: Series | Spread): string {
  if (chart.kind === "series") {
    const [first, last] = [chart.values[0]!, chart.values.at(-1)!];
    return `${name}: ${chart.values.length} values in the order of time, from ${figure(first)} to ${figure(last)}`;
  }
  const { min, max, mean, last } = chart;
  const more = [mean !== null && `mean ${figure(mean)}`, last !== null && `last ${figure(last)}`].filter(Boolean);
  return [`${name}: from ${figure(min)} to ${figure(max)}`, ...more].join(", ");
}

/** A number formatted for tables. */
export const figure = (value: number): string => value.toLocaleString("en", { maximumSignificantDigits: 5 });
