// Finding vertices by parts of what they are called and of what they stand for.

import type { NamedFragment } from "../generated/graphql";
import type { Vertex } from "./graph";
import { KINDS, nameOf, typeOf } from "./names";

/** A vertex as lists show it. */
export interface Entry extends Vertex {
  readonly name: string;
  readonly sourceUri: string | null;
}

export const entryOf = ({ arn, lineageType, type }: Vertex, named?: NamedFragment): Entry => ({
  arn,
  lineageType,
  type,
  name: nameOf(arn, named),
  sourceUri: named?.sourceUri ?? null,
});

/** What a vertex stands for, as short as it is still told from others: of an ARN what follows the account. */
export function shortSource(uri: string): string {
  return /^arn:[^:]*:[^:]*:[^:]*:[^:]*:(.+)$/s.exec(uri)?.[1] ?? uri;
}

/** What was typed or pasted as the gateway takes it: without marks that cannot be seen, or quotes of JSON or a shell. */
export function reference(text: string): string {
  const seen = text.replace(/\p{Z}/gu, " ").replace(/\p{C}/gu, "").trim();
  return (/^(["'`])(.*)\1,?$/.exec(seen)?.[2] ?? seen).trim();
}

/** Those that the text matches, best first: `exact` ones, which the gateway found, before what is called so in part. */
export function matching(text: string, exact: readonly Entry[], others: Iterable<Entry>): Entry[] {
  const found = new Map(exact.map((entry) => [entry.arn, { entry, rank: -1 }]));
  const phrase = reference(text).toLowerCase();
  for (const entry of others) {
    const rank = phrase === "" || found.has(entry.arn) ? null : rankOf(entry, phrase);
    if (rank !== null) found.set(entry.arn, { entry, rank });
  }
  return [...found.values()].sort((one, two) => one.rank - two.rank).map(({ entry }) => entry);
}

/** How well an entry matches, 0 the best; null where it does not. */
function rankOf(entry: Entry, phrase: string): number | null {
  const name = entry.name.toLowerCase();
  if (name === phrase) return 0;
  if (name.startsWith(phrase)) return 1;
  if (name.includes(phrase)) return 2;
  const words = phrase.split(" ").filter(Boolean);
  if (words.every((word) => name.includes(word))) return 3;
  const all = `${name} ${about(entry, phrase.startsWith("arn:"))}`;
  return words.every((word) => all.includes(word)) ? 4 : null;
}

/** What else may be searched; every ARN begins alike, which only another ARN should match. */
function about(entry: Entry, whole: boolean): string {
  const uris = [entry.arn, entry.sourceUri ?? ""].map((uri) => (whole ? uri : shortSource(uri)));
  return [typeOf(entry), KINDS[entry.lineageType], entry.type ?? "", ...uris].join(" ").toLowerCase();
}
