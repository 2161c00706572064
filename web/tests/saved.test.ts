import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Entry } from "../src/explorer/matching";

const entry = (name: string): Entry => ({
  arn: `arn:aws:sagemaker:eu-west-1:123456789012:artifact/${name}`,
  lineageType: "ARTIFACT",
  type: null,
  name,
  sourceUri: null,
});

/** A fake localStorage, whose writes may fail. */
class Storage {
  readonly items = new Map<string, string>();
  isFull = false;
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => {
    if (this.isFull) throw new Error("QuotaExceededError");
    this.items.set(key, value);
  };
}

let storage: Storage;

/** The lists as a newly opened page loads them. */
async function opened() {
  vi.resetModules();
  const { useSaved } = await import("../src/explorer/saved");
  return useSaved.getState;
}

beforeEach(() => {
  storage = new Storage();
  vi.stubGlobal("localStorage", storage);
  vi.stubGlobal("location", { pathname: "/" });
});

test("recent and starred vertices are saved", async () => {
  const kept = await opened();
  kept().choose(entry("a"));
  kept().choose(entry("b"));
  kept().choose(entry("a"));
  kept().toggleStar(entry("c"));
  const again = await opened();
  expect(again().recent).toEqual([entry("a"), entry("b")]);
  expect(again().starred).toEqual([entry("c")]);
});

test("toggling a star twice removes it", async () => {
  const kept = await opened();
  kept().toggleStar(entry("a"));
  kept().toggleStar({ ...entry("a"), name: "renamed" });
  expect(kept().starred).toEqual([]);
});

test("the oldest are dropped beyond the maximum", async () => {
  const kept = await opened();
  for (let index = 0; index < 30; index++) kept().choose(entry(String(index)));
  expect(
    kept()
      .recent.map(({ name }) => name)
      .slice(0, 2),
  ).toEqual(["29", "28"]);
  expect(kept().recent).toHaveLength(20);
});

test("pages at other paths have their own lists", async () => {
  (await opened())().choose(entry("a"));
  vi.stubGlobal("location", { pathname: "/other/" });
  expect((await opened())().recent).toEqual([]);
});

describe("storage", () => {
  test.each([
    "{",
    "7",
    '{"length": 1}',
    '[null, 1, "x", {"arn": 5}]',
    '[{"arn": "a", "name": "b", "lineageType": "X"}]',
  ])("that holds %s is ignored", async (text) => {
    storage.items.set("lineage-gateway / recent", text);
    expect((await opened())().recent).toEqual([]);
  });

  test("that is full saves nothing, and raises no error", async () => {
    const kept = await opened();
    storage.isFull = true;
    kept().choose(entry("a"));
    expect(kept().recent).toEqual([entry("a")]);
  });

  test("that is blocked leaves the lists in memory", async () => {
    vi.stubGlobal("localStorage", undefined);
    const kept = await opened();
    kept().toggleStar(entry("a"));
    expect(kept().starred).toEqual([entry("a")]);
  });
});
