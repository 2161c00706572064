import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { throttled } from "../src/explorer/throttle";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("acts at once, and once more for all calls within the interval", () => {
  const act = vi.fn();
  const call = throttled(100, act);
  call();
  expect(act).toHaveBeenCalledTimes(1);
  for (let count = 0; count < 50; count++) call();
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(100);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(2);
});

it("acts at once after the interval", () => {
  const act = vi.fn();
  const call = throttled(100, act);
  call();
  vi.advanceTimersByTime(100);
  call();
  expect(act).toHaveBeenCalledTimes(2);
});

it("never acts twice within an interval", () => {
  const times: number[] = [];
  const call = throttled(100, () => times.push(Date.now()));
  for (let count = 0; count < 500; count++) {
    call();
    vi.advanceTimersByTime(7);
  }
  const gaps = times.slice(1).map((time, at) => time - times[at]!);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(100);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(107);
});
