import { describe, expect, it } from "vitest";
import { DEFAULT_VIEW, MAX_HOPS, NO_FILTER, type View, isFiltered, parse, sideKey, write } from "../src/explorer/view";

const A = "arn:aws:sagemaker:eu-west-1:123456789012:context/a";
const B = "arn:aws:sagemaker:eu-west-1:123456789012:artifact/b";

const FULL: View = {
  start: [A, B],
  depth: { up: 7, down: 0 },
  opened: new Map([
    [sideKey("up", A), 4],
    [sideKey("down", B), 24],
  ]),
  closed: new Set([sideKey("down", A)]),
  picked: [B],
  filter: {
    lineageTypes: ["ARTIFACT", "TRIAL_COMPONENT"],
    types: ["Model", "a&b=c #%+é\u202e\n<i>"],
    createdAfter: "2026-03-08",
    createdBefore: "2026-03-09T10:00:00.000+02:00",
  },
  selected: [],
  compared: [B, A],
  differing: true,
  path: [A, B],
  way: 2,
  alone: true,
  show: "table",
};

describe("the address", () => {
  it("holds the whole view", () => {
    expect(parse(`#${write(FULL)}`)).toEqual(FULL);
  });

  it.each([
    { start: [A] },
    { start: [A], selected: [B] as const },
    { start: [A], selected: [A, B] as const },
    { start: [A], compared: [A, B] as const },
    { start: [A], path: [A, B] as const },
    { start: [A], filter: { ...NO_FILTER, lineageTypes: ["CONTEXT" as const] } },
    { start: [A], depth: { up: 0, down: MAX_HOPS } },
    {},
  ])("holds only %j", (change) => {
    const view = { ...DEFAULT_VIEW, ...change };
    expect(parse(write(view))).toEqual(view);
  });

  it("is canonical", () => {
    expect(write(parse(write(FULL)))).toBe(write(FULL));
  });

  it("starts at the path if it has no start", () => {
    expect(parse(new URLSearchParams([["path", A], ["path", B]]).toString()).start).toEqual([A]); // prettier-ignore
  });
});

describe("an invalid address", () => {
  it.each([
    "",
    "#",
    "#%",
    "#%E0%A4%A",
    "#&&==&=x",
    "#start=&select=&path=&pick=&type=&kind=",
    "#kind=artifact&kind=__proto__&kind=ROLE",
    "#up=-1&down=1e9",
    "#open=up:arn:x&open=5:left:arn:x&open=123456:up:arn:x&open=4:up:",
    "#open=4:up:arn:x&open=4:up:arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p",
    "#close=arn:x&close=up:x",
    "#after=yesterday&before=2026-02-30",
    "#after=2026-13-01&before=2026-00-00",
    "#after=March+7&before=1",
    "#path=arn:x&way=1&alone=",
    "#show=everything",
  ])("%s is the default view", (fragment) => {
    expect(parse(fragment)).toEqual(DEFAULT_VIEW);
  });

  it("is limited to the maximum depth", () => {
    expect(parse("#start=arn:x&up=99999999999999999999&down=101").depth).toEqual({ up: MAX_HOPS, down: MAX_HOPS });
  });

  it("has duplicates removed", () => {
    expect(parse("#type=Model&type=Model&kind=ACTION&kind=ACTION").filter).toMatchObject({
      types: ["Model"],
      lineageTypes: ["ACTION"],
    });
  });

  it("is limited to the maximum number of starts", () => {
    const many = Array.from({ length: 300 }, (_, at) => ["start", `arn:${at}`]);
    expect(parse(new URLSearchParams(many).toString()).start).toHaveLength(100);
  });

  it("is limited to two ends of a path", () => {
    expect(parse("#path=arn:a&path=arn:b&path=arn:c").path).toEqual(["arn:a", "arn:b"]);
  });
});

it("any part makes a filter", () => {
  expect(isFiltered(NO_FILTER)).toBe(false);
  const parts = [{ types: ["x"] }, { createdAfter: "2026-01-01" }, { lineageTypes: ["ACTION" as const] }];
  for (const part of parts) expect(isFiltered({ ...NO_FILTER, ...part })).toBe(true);
});
