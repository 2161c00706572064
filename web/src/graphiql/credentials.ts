// How callers sign in: by a header of the tab, or by what they gave in another tab of the page or in the explorer.
import { tryParseJSONC } from "@graphiql/react";
import { credentials } from "../credentials";
import { gateway } from "../gateway";
import { storage } from "./storage";

const { header, what } = {
  none: { header: undefined, what: "" },
  "api-key": { header: { "X-Api-Key": "" }, what: "your API key" },
  jwt: { header: { Authorization: "Bearer " }, what: "your token behind Bearer" },
}[gateway.auth];

/** What stands in the Headers of a new tab. */
export const headers = header && JSON.stringify(header, null, 2);

/** What to do about it, as comments above a document. */
export const note = header
  ? `# Sign in first: put ${what} into the Headers below. It does for the other tabs too, until you reload the page.\n`
  : "";

const SIGNS_IN = /^(authorization|x-api-key)$/i;
const EMPTY = /^\s*(bearer)?\s*$/i;

let given: Record<string, string> = credentials.headers();

/** Headers to send: a tab's own, and its credentials or else the last that any tab had. */
export function signed(own: Record<string, unknown> = {}): Record<string, string> {
  const sent = Object.entries(own).map(([name, value]) => [name, `${value}`] as const);
  const signing = sent.filter(([name, value]) => SIGNS_IN.test(name) && !EMPTY.test(value));
  if (signing.length) given = Object.fromEntries(signing);
  return { ...Object.fromEntries(sent.filter(([name]) => !SIGNS_IN.test(name))), ...given };
}

try {
  // GraphiQL asks for the schema before it has read the headers that it was asked to keep.
  signed(tryParseJSONC(storage.getItem("graphiql:headers") ?? ""));
} catch {
  // They were left half written.
}
