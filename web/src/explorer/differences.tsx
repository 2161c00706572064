// How two vertices differ, member by member.

import { type ReactNode, isValidElement } from "react";
import type { Problem } from "./api";
import { LongText, MissingValue, type Pair, PairValue, Timestamp, localTime } from "./Fields";
import { type Entity, type Field, ROWS, pairsOf, problemOf, shown } from "./rows";

export type Both<T> = readonly [left: T, right: T];

/** A vertex, and why some of its fields could not be loaded. */
export interface Loaded {
  readonly entity: Entity;
  readonly problems: readonly Problem[];
}

export interface Cell {
  /** Null if the member is not set. */
  readonly content: ReactNode;
  readonly isNumber: boolean;
}

export interface Row {
  readonly label: string;
  readonly cells: Both<Cell>;
  /** Null if one of the two could not be loaded. */
  readonly differs: boolean | null;
}

export interface Section {
  readonly label: string;
  /** Those that differ come first. */
  readonly rows: readonly Row[];
}

export interface Differences {
  /** The tables of the drawer, then its other fields as one section. */
  readonly sections: readonly Section[];
  /** Labels of the fields that are set in neither. */
  readonly unset: readonly string[];
}

export function differences(sides: Both<Loaded>): Differences {
  const fields = (Object.keys(ROWS) as Field[]).filter((field) => sides.some(({ entity }) => field in entity));
  const tables = fields
    .filter((field) => ROWS[field].pairs)
    .map((field) => ({ label: ROWS[field].label, rows: rowsOf(field, sides) }));
  const facts = fields.filter((field) => !ROWS[field].pairs).map((field) => rowOf(field, sides));
  const isSet = ({ cells }: Row) => cells.some(({ content }) => content !== null);
  const sections = [...tables, { label: "Details", rows: facts.filter(isSet) }];
  const unset = [...tables.filter(({ rows }) => !rows.length), ...facts.filter((row) => !isSet(row))];
  return {
    sections: sections.filter(({ rows }) => rows.length).map(inOrder),
    unset: unset.map(({ label }) => label),
  };
}

function inOrder({ label, rows }: Section): Section {
  const isSame = ({ differs }: Row) => differs === false;
  return { label, rows: rows.toSorted((one, two) => Number(isSame(one)) - Number(isSame(two))) };
}

/** A field as one row. */
function rowOf(field: Field, sides: Both<Loaded>): Row {
  const contents = both(sides, ({ entity, problems }) => shown(entity, field, problems).content || null);
  const isPartial = sides.some(({ problems }) => problemOf(field, problems));
  return {
    label: ROWS[field].label,
    cells: both(toldApart(contents), (content) => ({ content, isNumber: false })),
    differs: isPartial ? null : said(contents[0]) !== said(contents[1]),
  };
}

/** Times that differ but would look alike, as those of jobs that began in the same second, are written in full. */
function toldApart(contents: Both<ReactNode>): Both<ReactNode> {
  const [left, right] = both(contents, (content) =>
    isValidElement<{ iso: string }>(content) && content.type === Timestamp ? content.props.iso : null,
  );
  const isAlike = left !== null && right !== null && left !== right && localTime(left) === localTime(right);
  return isAlike ? both([left, right], (iso) => <LongText text={iso} />) : contents;
}

/** What is shown of a field, which may be less than its value; the components in ROWS have plain data as props. */
const said = (content: ReactNode): string => JSON.stringify(isValidElement(content) ? content.props : content);

/** The rows of a table, matched by their keys. */
function rowsOf(field: Field, sides: Both<Loaded>): Row[] {
  const tables = both(sides, ({ entity }) => new Map(pairsOf(entity, field).map((pair) => [pair[0], pair])));
  const problems = both(sides, (side) => problemOf(field, side.problems));
  const keys = new Set(tables.flatMap((table) => [...table.keys()]));
  // Without any key, a table that could not be loaded has a row of its own.
  if (!keys.size && problems.some(Boolean)) keys.add(ROWS[field].label);
  return [...keys].map((key) => {
    const pairs = both(tables, (table) => table.get(key));
    const texts = written(field, pairs);
    const cell = (at: 0 | 1): Cell => cellOf(pairs[at], texts[at], problems[at]);
    const isMissing = pairs.some((pair, at) => !pair && problems[at]);
    const [left, right] = both(pairs, (pair) => JSON.stringify(pair && [textOf(pair[1]), pair[2]]));
    return { label: key, cells: [cell(0), cell(1)], differs: isMissing ? null : left !== right };
  });
}

function cellOf(pair: Pair | undefined, text: string | null, problem: Problem | undefined): Cell {
  if (pair) return { content: <PairValue value={text} more={pair[2]} />, isNumber: typeof pair[1] === "number" };
  return { content: problem ? <MissingValue problem={problem} /> : null, isNumber: false };
}

/** A value in full, as text. */
const textOf = (value: Pair[1]): string | null => (value === null ? null : String(value));

/** The texts of values; numbers that differ but would look alike are written in full. */
function written(field: Field, pairs: Both<Pair | undefined>): Both<string | null> {
  const { write = String } = ROWS[field];
  const values = both(pairs, (pair) => pair?.[1] ?? null);
  const texts = both(values, (value) => (typeof value === "number" ? write(value) : value));
  return texts[0] === texts[1] && values[0] !== values[1] ? both(values, textOf) : texts;
}

export const both = <From, To>([left, right]: Both<From>, map: (one: From) => To): Both<To> => [map(left), map(right)];
