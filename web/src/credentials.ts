// The user's credential, kept in sessionStorage for as long as the browser tab is open.

import { gateway } from "./gateway";
import "./storage";

/** Includes the pages' directory: gateways may share an origin, and must not receive each other's credentials. */
const key = (): string => `lineage-gateway.credential ${new URL(".", location.href).pathname}`;

export const credentials = {
  headers(): { Authorization?: string } {
    const kept = sessionStorage.getItem(key());
    return kept ? { Authorization: `Bearer ${kept}` } : {};
  },
  keep(credential: string): void {
    // Remove invisible characters that copying from a page or chat adds, which a header cannot contain.
    sessionStorage.setItem(key(), credential.replace(/[^!-~]/g, ""));
  },
  forget(): void {
    sessionStorage.removeItem(key());
  },
  /** Whether there is a credential to sign out with. */
  get kept(): boolean {
    return gateway.auth !== "none" && sessionStorage.getItem(key()) !== null;
  },
};
