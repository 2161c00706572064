// Signing in to GraphiQL: by a header of the tab, or with the credential of another tab or of the explorer.
import { tryParseJSONC } from "@graphiql/react";
import { credentials } from "../credentials";
import { gateway } from "../gateway";
import { storage } from "./storage";

const { header, what } = {
  none: { header: undefined, what: "" },
  "api-key": { header: { "X-Api-Key": "" }, what: "your API key" },
  jwt: { header: { Authorization: "Bearer " }, what: "your token behind Bearer" },
}[gateway.auth];

/** The initial headers of a new tab. */
export const headers = header && JSON.stringify(header, null, 2);

/** How to sign in, as a comment above a document. */
export const note = header
  ? `# Sign in first: put ${what} into the Headers below. It does for the other tabs too, until you reload the page.\n`
  : "";

const SIGNS_IN = /^(authorization|x-api-key)$/i;
const EMPTY = /^\s*(bearer)?\s*$/i;

/** The last credential used in any tab. */
let last: Record<string, string> = credentials.headers();

/** The headers to send: a tab's own, with its credential or else the last one used in any tab. */
export function signed(own: Record<string, unknown> = {}): Record<string, string> {
  const sent = Object.entries(own).map(([name, value]) => [name, `${value}`] as const);
  const signing = sent.filter(([name, value]) => SIGNS_IN.test(name) && !EMPTY.test(value));
  if (signing.length) last = Object.fromEntries(signing);
  return { ...Object.fromEntries(sent.filter(([name]) => !SIGNS_IN.test(name))), ...last };
}

try {
  // GraphiQL fetches the schema before it reads the headers that it has persisted.
  signed(tryParseJSONC(storage.getItem("graphiql:headers") ?? ""));
} catch {
  // The persisted headers may be incomplete JSON.
}
