// GraphiQL's localStorage: tabs, history and settings, and headers only if the user chose to persist them.
import { createLocalStorage } from "@graphiql/toolkit";
import "../storage";

// Another gateway may share the origin at another path, and another GraphiQL may have been at this one before.
export const storage = createLocalStorage({ namespace: `lineage-gateway ${location.pathname}` });

export const keepsHeaders = () => storage.getItem("graphiql:shouldPersistHeaders") === "true";

// GraphiQL's history would store the headers in any case.
const { setItem } = storage;
const withoutHeaders = (json: string) =>
  JSON.stringify(JSON.parse(json), (key, it) => (key === "headers" ? undefined : it));
storage.setItem = (name, value) =>
  setItem(name, !keepsHeaders() && /:(queries|favorites)$/.test(name) ? withoutHeaders(value) : value);
