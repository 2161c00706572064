// The metrics of a trial component: their statistics, and a small chart of each metric with several points.

import { type Pair, Timestamp } from "./Fields";
import { type Metric, type Series, type Spread, byName, chartOf, figure, inWords, scale } from "./chart";
import { shortSource } from "./matching";

const FIGURES = [
  ["Last", "last"],
  ["Least", "min"],
  ["Mean", "avg"],
  ["Greatest", "max"],
  ["Std. dev.", "stdDev"],
  ["Points", "count"],
] as const;

/** The metrics as pairs of name and last value; the other statistics follow if there are several points. */
export const asPairs = (metrics: readonly Metric[]): Pair[] =>
  [...byName(metrics)].flatMap(([name, alike]) =>
    alike.map((metric, index) => [index ? `${name} (${index + 1})` : name, metric.last, others(metric)] as const),
  );

function others(metric: Metric): string | null {
  const told = FIGURES.flatMap(([label, member]) => {
    const value = member === "last" ? null : metric[member];
    return value === null ? [] : `${label.toLowerCase()} ${figure(value)}`;
  });
  return metric.count === 1 || !told.length ? null : told.join(", ");
}

export function Metrics({ metrics }: { metrics: readonly Metric[] }) {
  return (
    <div className="wide" tabIndex={0} role="group" aria-label="Metrics">
      <table className="metrics">
        <caption className="unseen">Metrics</caption>
        <thead>
          <tr>
            {FIGURES.map(([label]) => (
              <th key={label} scope="col">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        {[...byName(metrics)].map(([name, alike]) => (
          <MetricGroup key={name} name={name} metrics={alike} />
        ))}
      </table>
    </div>
  );
}

function MetricGroup({ name, metrics }: { name: string; metrics: readonly Metric[] }) {
  const chart = chartOf(metrics);
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={FIGURES.length}>
          <bdi>{name}</bdi>
          {chart && <Chart label={inWords(name, chart)} chart={chart} />}
        </th>
      </tr>
      {metrics.map((metric, index) => (
        <tr key={index}>
          {FIGURES.map(([label, member]) => (
            <td key={label} title={String(metric[member] ?? "")}>
              {metric[member] === null ? "–" : figure(metric[member])}
            </td>
          ))}
        </tr>
      ))}
      <tr>
        <td className="label" colSpan={FIGURES.length}>
          {metrics.map(({ timeStamp, sourceArn }, index) => (
            <div key={index}>
              {timeStamp && <Timestamp iso={timeStamp} />}
              {sourceArn && <> in {shortSource(sourceArn)}</>}
            </div>
          ))}
        </td>
      </tr>
    </tbody>
  );
}

const [WIDTH, HEIGHT, EDGE] = [368, 28, 4];

function Chart({ label, chart }: { label: string; chart: Series | Spread }) {
  return (
    <svg className="chart" role="img" aria-label={label} viewBox={`0 0 ${WIDTH} ${HEIGHT}`}>
      <title>{label}</title>
      {chart.kind === "series" ? <Line {...chart} /> : <Range {...chart} />}
    </svg>
  );
}

function Line({ values }: Series) {
  const across = scale([0, values.length - 1], WIDTH - 2 * EDGE);
  const up = scale(values, HEIGHT - 2 * EDGE);
  const points = values.map((value, index) => [EDGE + across(index), HEIGHT - EDGE - up(value)] as const);
  return (
    <>
      <polyline points={points.map((point) => point.join()).join(" ")} />
      {points.map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r={2.5} />
      ))}
    </>
  );
}

/** A bar from minimum to maximum, with a line at the mean and a dot at the last value. */
function Range({ min, max, mean, last }: Spread) {
  const across = scale([min, max], WIDTH - 2 * EDGE);
  return (
    <>
      <rect x={EDGE} y={HEIGHT / 2 - 3} width={WIDTH - 2 * EDGE} height={6} rx={3} />
      {mean !== null && <line x1={EDGE + across(mean)} x2={EDGE + across(mean)} y1={4} y2={HEIGHT - 4} />}
      {last !== null && <circle cx={EDGE + across(last)} cy={HEIGHT / 2} r={4} />}
    </>
  );
}
