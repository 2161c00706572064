// How callers sign in: by a header of the tab, or by what they gave in another tab of the page or in the explorer.
import { credentials as kept } from "../credentials";
import { gateway } from "../gateway";

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

let given: Record<string, string> = kept.headers();

/** Headers to send: a tab's own, and its credentials or else the last that any tab had. */
export function signed(own: Record<string, string> = {}): Record<string, string> {
  const credentials = Object.entries(own).filter(([name, value]) => SIGNS_IN.test(name) && !EMPTY.test(value));
  if (credentials.length) given = Object.fromEntries(credentials);
  const others = Object.entries(own).filter(([name]) => !SIGNS_IN.test(name));
  return { ...Object.fromEntries(others), ...given };
}
