import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Entry } from "../src/explorer/matching";

const entry = (name: string): Entry => ({
  arn: `arn:aws:sagemaker:eu-west-1:123456789012:artifact/${name}`,
  lineageType: "ARTIFACT",
  type: null,
  name,
  sourceUri: null,
});

/** A storage like the browser's, whose writes may fail. */
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

/** The lists as a page finds them that is opened now. */
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

test("what was chosen and starred is there again", async () => {
  const kept = await opened();
  kept().choose(entry("a"));
  kept().choose(entry("b"));
  kept().choose(entry("a"));
  kept().toggleStar(entry("c"));
  const again = await opened();
  expect(again().recent).toEqual([entry("a"), entry("b")]);
  expect(again().starred).toEqual([entry("c")]);
});

test("a star is taken away as it was given", async () => {
  const kept = await opened();
  kept().toggleStar(entry("a"));
  kept().toggleStar({ ...entry("a"), name: "renamed" });
  expect(kept().starred).toEqual([]);
});

test("the oldest go where there are too many", async () => {
  const kept = await opened();
  for (let index = 0; index < 30; index++) kept().choose(entry(String(index)));
  expect(
    kept()
      .recent.map(({ name }) => name)
      .slice(0, 2),
  ).toEqual(["29", "28"]);
  expect(kept().recent).toHaveLength(20);
});

test("pages at other paths have lists of their own", async () => {
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
  ])("that holds %s is like none", async (text) => {
    storage.items.set("lineage-gateway / recent", text);
    expect((await opened())().recent).toEqual([]);
  });

  test("that is full keeps nothing, and the page goes on", async () => {
    const kept = await opened();
    storage.isFull = true;
    kept().choose(entry("a"));
    expect(kept().recent).toEqual([entry("a")]);
  });

  test("that is forbidden is like none", async () => {
    vi.stubGlobal("localStorage", undefined);
    const kept = await opened();
    kept().toggleStar(entry("a"));
    expect(kept().starred).toEqual([entry("a")]);
  });
});
