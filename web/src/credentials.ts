// What the user has signed in with, for as long as the browser's tab is open.

import { gateway } from "./gateway";
import "./storage";

/** Gateways may share an origin, and one is to hear nothing that was meant for another; its pages lie beside each other. */
const key = (): string => `lineage-gateway.credential ${new URL(".", location.href).pathname}`;

export const credentials = {
  headers(): { Authorization?: string } {
    const kept = sessionStorage.getItem(key());
    return kept ? { Authorization: `Bearer ${kept}` } : {};
  },
  keep(credential: string): void {
    // What a page or a chat adds to what is copied; a header with any of it could not even be sent.
    sessionStorage.setItem(key(), credential.replace(/[^!-~]/g, ""));
  },
  forget(): void {
    sessionStorage.removeItem(key());
  },
  /** Whether there is anything to sign out of. */
  get kept(): boolean {
    return gateway.auth !== "none" && sessionStorage.getItem(key()) !== null;
  },
};
