// The user's recent and starred vertices, saved in localStorage.

import { create } from "zustand";
import { KINDS } from "./names";
import type { Entry } from "./matching";

export interface Saved {
  /** Newest first. */
  readonly recent: readonly Entry[];
  readonly starred: readonly Entry[];
  choose(entry: Entry): void;
  /** Star a vertex, or remove its star. */
  toggleStar(entry: Entry): void;
}

type List = "recent" | "starred";

/** The maximum length of each list. */
export const MAX_LENGTHS: Record<List, number> = { recent: 20, starred: 200 };

export const useSaved = create<Saved>()((set, get) => {
  const keep = (list: List, entries: readonly Entry[]) => {
    const kept = entries.slice(0, MAX_LENGTHS[list]);
    set({ [list]: kept });
    write(list, kept);
  };
  return {
    recent: read("recent"),
    starred: read("starred"),
    choose(entry) {
      keep("recent", [entry, ...without(get().recent, entry)]);
    },
    toggleStar(entry) {
      const { starred } = get();
      const left = without(starred, entry);
      keep("starred", left.length < starred.length ? left : [entry, ...starred]);
    },
  };
});

function without(entries: readonly Entry[], { arn }: Entry): Entry[] {
  return entries.filter((entry) => entry.arn !== arn);
}

/** Gateways may share an origin, so each path has its own lists. */
function keyOf(list: List): string {
  return `lineage-gateway ${location.pathname} ${list}`;
}

function read(list: List): Entry[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(list)) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isEntry).slice(0, MAX_LENGTHS[list]) : [];
  } catch {
    // Storage may be blocked, or hold anything.
    return [];
  }
}

function write(list: List, entries: readonly Entry[]): void {
  try {
    localStorage.setItem(keyOf(list), JSON.stringify(entries));
  } catch {
    // If storage is full or blocked, the lists last as long as the page.
  }
}

function isEntry(kept: unknown): kept is Entry {
  if (typeof kept !== "object" || kept === null) return false;
  const { arn, lineageType, type, name, sourceUri } = kept as Record<string, unknown>;
  const isText = (value: unknown) => typeof value === "string";
  return (
    isText(arn) &&
    isText(name) &&
    Object.hasOwn(KINDS, String(lineageType)) &&
    [type, sourceUri].every((value) => value === null || isText(value))
  );
}

// Follow changes made in other tabs.
globalThis.addEventListener?.("storage", () => useSaved.setState({ recent: read("recent"), starred: read("starred") }));
