// Matches vertices to a search text by name, type, ARN and source.

import type { NamedFragment } from "../generated/graphql";
import type { Vertex } from "./graph";
import { KINDS, nameOf, typeOf } from "./names";

/** A vertex as shown in lists. */
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

/** A source URI, shortened if it is an ARN to the part after the account. */
export function shortSource(uri: string): string {
  return /^arn:[^:]*:[^:]*:[^:]*:[^:]*:(.+)$/s.exec(uri)?.[1] ?? uri;
}

/**
 * A typed or pasted text without invisible characters, without the quotes of JSON, a shell, a document or a mail, and
 * without the key that a pasted line of JSON or of settings begins with.
 */
export function reference(text: string): string {
  const seen = text.replace(/\p{Z}/gu, " ").replace(/\p{C}/gu, "").trim();
  const value = /^(["']?)\w+\1 *[:=] *((?:["']|arn:|s3:).*)$/.exec(seen)?.[2] ?? seen;
  const [, , quoted, printed] = /^(?:(["'`])(.*)\1|[“‘<](.*)[”’>])[,;]?$/.exec(value) ?? [];
  return (quoted ?? printed ?? value).trim();
}

/** The matching entries, best first: `exact` ones, which the gateway resolved, come before partial matches. */
export function matching(text: string, exact: readonly Entry[], others: Iterable<Entry>): Entry[] {
  const found = new Map(exact.map((entry) => [entry.arn, { entry, rank: -1 }]));
  const phrase = reference(text).toLowerCase();
  for (const entry of others) {
    const rank = phrase === "" || found.has(entry.arn) ? null : rankOf(entry, phrase);
    if (rank !== null) found.set(entry.arn, { entry, rank });
  }
  return [...found.values()].sort((one, two) => one.rank - two.rank).map(({ entry }) => entry);
}

/** How well an entry matches, 0 being best; null if it does not. */
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

/** The other searchable texts; the common beginning of all ARNs is only searched for an ARN. */
function about(entry: Entry, whole: boolean): string {
  const uris = [entry.arn, entry.sourceUri ?? ""].map((uri) => (whole ? uri : shortSource(uri)));
  return [typeOf(entry), KINDS[entry.lineageType], entry.type ?? "", ...uris].join(" ").toLowerCase();
}
