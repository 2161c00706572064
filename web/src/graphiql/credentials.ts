// How callers sign in: by a header of the tab, or by what they gave in another tab of the same page.
import { gateway } from "../gateway";

const { name, empty, what } = {
  none: { name: "", empty: "", what: "" },
  "api-key": { name: "X-Api-Key", empty: "", what: "your API key" },
  jwt: { name: "Authorization", empty: "Bearer ", what: "your token behind Bearer" },
}[gateway.auth];

/** What stands in the Headers of a new tab. */
export const headers = name ? JSON.stringify({ [name]: empty }, null, 2) : "";

/** What to do about it, as comments above a document. */
export const note = name
  ? `# Sign in first: put ${what} into the Headers below. It does for the other tabs too, until you reload the page.\n#\n`
  : "";

let given = empty;

/** Headers to send: a tab's own, with what was given before in the place of what it leaves empty. */
export function signed(own: Record<string, string> = {}): Record<string, string> {
  const said = own[name];
  if (said === undefined) return own;
  if (said.trim() !== empty.trim()) given = said;
  return { ...own, [name]: given };
}
