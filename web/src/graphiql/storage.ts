// What GraphiQL keeps in the browser: tabs, history and settings, and headers only for those who asked for it.
import { createLocalStorage } from "@graphiql/toolkit";
import "../storage";

// Another gateway, or any other GraphiQL, may be at another path of the same origin, or have been at this one before.
export const storage = createLocalStorage({ namespace: `lineage-gateway ${location.pathname}` });

export const keepsHeaders = () => storage.getItem("graphiql:shouldPersistHeaders") === "true";

// The history would keep them all the same.
const { setItem } = storage;
const withoutHeaders = (json: string) =>
  JSON.stringify(JSON.parse(json), (key, it) => (key === "headers" ? undefined : it));
storage.setItem = (name, value) =>
  setItem(name, !keepsHeaders() && /:(queries|favorites)$/.test(name) ? withoutHeaders(value) : value);
