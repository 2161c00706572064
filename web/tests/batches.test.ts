import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { batches } from "../src/explorer/batches";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Batches that are held until the test resolves or rejects them. */
function held() {
  const asked: string[][] = [];
  const ends: ((isGood: boolean) => Promise<void>)[] = [];
  const made = batches(
    2,
    (keys) =>
      new Promise((resolve, reject) => {
        asked.push([...keys]);
        ends.push((isGood) => {
          if (isGood) resolve(undefined);
          else reject(new Error("refused"));
          return vi.advanceTimersByTimeAsync(100).then(() => undefined);
        });
      }),
  );
  const want = (...keys: string[]) => {
    made.want(keys);
    return vi.advanceTimersByTimeAsync(100);
  };
  return { ...made, asked, ends, want };
}

describe("keys", () => {
  test("are fetched once, in batches", async () => {
    const { asked, ends, want } = held();
    await want("a", "b", "c");
    await ends[0]!(true);
    await ends[1]!(true);
    await want("a", "c");
    expect(asked).toEqual([["a", "b"], ["c"]]);
  });

  test("that failed are fetched again on retry", async () => {
    const { asked, ends, want, retry } = held();
    await want("a");
    await ends[0]!(false);
    expect(asked).toHaveLength(1);
    retry();
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual([["a"], ["a"]]);
  });

  test("that fail after a retry are fetched again too", async () => {
    const { asked, ends, want, retry } = held();
    await want("a");
    retry();
    await ends[0]!(false);
    expect(asked).toEqual([["a"], ["a"]]);
    await ends[1]!(false);
    expect(asked).toHaveLength(2);
  });

  test("that were cleared are not fetched again", async () => {
    const { asked, ends, want, retry, clear } = held();
    await want("a");
    clear();
    await ends[0]!(false);
    retry();
    await want("b");
    expect(asked).toEqual([["a"], ["b"]]);
  });
});
