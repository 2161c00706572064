// Browsers may forbid a page to keep anything, and then throw where it looks for its storage: here is one in its place.

for (const kind of ["localStorage", "sessionStorage"] as const) {
  try {
    void globalThis[kind].length;
  } catch {
    Object.defineProperty(globalThis, kind, { value: fleeting() });
  }
}

/** A storage that lasts as long as the page. */
function fleeting(): Pick<Storage, "getItem" | "setItem" | "removeItem" | "clear" | "length"> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
    get length() {
      return kept.size;
    },
  };
}
