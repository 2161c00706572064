import { expect, test, vi } from "vitest";

test("blocked storage is replaced by one that lasts as long as the page", async () => {
  const forbid = () => {
    throw new DOMException("Access is denied for this document.", "SecurityError");
  };
  for (const kind of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(globalThis, kind, { configurable: true, get: forbid });
  }
  vi.stubGlobal("document", { getElementById: () => ({ textContent: '{"auth": "api-key"}' }) });
  vi.stubGlobal("location", { href: "https://portal.example/lineage/" });
  const { credentials } = await import("../src/credentials");
  expect(credentials.headers()).toEqual({});
  credentials.keep("\ufeff sec\u200bret\n");
  expect([credentials.kept, credentials.headers()]).toEqual([true, { Authorization: "Bearer secret" }]);
  credentials.forget();
  expect([credentials.kept, localStorage.getItem("any")]).toEqual([false, null]);
});
