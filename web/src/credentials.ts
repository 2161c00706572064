// What the user has signed in with, for as long as the browser's tab is open.

import { gateway } from "./gateway";
import "./storage";

const KEY = "lineage-gateway.credential";

export const credentials = {
  headers(): { Authorization?: string } {
    const kept = sessionStorage.getItem(KEY);
    return kept ? { Authorization: `Bearer ${kept}` } : {};
  },
  keep(credential: string): void {
    sessionStorage.setItem(KEY, credential.trim());
  },
  forget(): void {
    sessionStorage.removeItem(KEY);
  },
  /** Whether there is anything to sign out of. */
  get kept(): boolean {
    return gateway.auth !== "none" && sessionStorage.getItem(KEY) !== null;
  },
};
