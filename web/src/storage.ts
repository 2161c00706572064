// Replaces localStorage and sessionStorage where the browser blocks them, as accessing them then throws.

for (const kind of ["localStorage", "sessionStorage"] as const) {
  try {
    void globalThis[kind].length;
  } catch {
    Object.defineProperty(globalThis, kind, { value: memoryStorage() });
  }
}

/** A storage that lasts as long as the page. */
function memoryStorage(): Pick<Storage, "getItem" | "setItem" | "removeItem" | "clear" | "length"> {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
    get length() {
      return items.size;
    },
  };
}
