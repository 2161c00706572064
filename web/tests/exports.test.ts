import { describe, expect, test } from "vitest";
import { fileName } from "../src/explorer/files";
import { truncated, xmlText } from "../src/explorer/text";
import { scaleOf } from "../src/explorer/png";

describe("a file's name", () => {
  const DAY = new Date().toISOString().slice(0, 10);

  test("says what it is of, which side, and the day", () => {
    expect(fileName("csv", "churn-staging", "upstream")).toBe(`lineage-churn-staging-upstream-${DAY}.csv`);
    expect(fileName("svg", "churn-staging", "")).toBe(`lineage-churn-staging-${DAY}.svg`);
  });

  test.each([
    ["../../etc/passwd", "etc-passwd"],
    ['<b>"a"|b?:*</b>\n', "b-a-b-b"],
    ["\u202Egpj.exe", "gpj-exe"],
    ["модель 模型", "модель-模型"],
    ["/", ""],
    ["🜁".repeat(1024), ""],
    ["x".repeat(1024), "x".repeat(60)],
  ])("takes what any system takes of %j", (name, plain) => {
    expect(fileName("svg", name)).toBe(`${["lineage", plain, DAY].filter(Boolean).join("-")}.svg`);
  });
});

describe("a text in the picture", () => {
  const letters = (text: string) => [...text].length;

  test("stays as it is where it fits", () => expect(truncated("<a&b>", 5, letters)).toBe("<a&b>"));
  test("is one line", () => expect(truncated(" a\n\u2028\tb ", 9, letters)).toBe("a b"));
  test("is cut where it does not fit", () => expect(truncated("abcdefgh", 5, letters)).toBe("abcd…"));
  test("is cut between letters, not within them", () => {
    const family = "👨‍👩‍👧";
    expect(truncated(`ab${family}${family}`, 9, (text) => text.length)).toBe("ab…");
  });
  test("is no more than the dots where nothing fits", () => expect(truncated("abc", 0, letters)).toBe("…"));
  test("has only what XML can hold", () => {
    expect(xmlText("a\u0000\u0008\u001b\ufffe\ud800b😀\n")).toBe("a\ufffd\ufffd\ufffd\ufffd\ufffdb😀\n");
  });
});

describe("the PNG's scale", () => {
  const of = (width: number, height: number) => scaleOf({ svg: "", width, height }, 2);

  test("is what was wanted of it", () => expect(of(1600, 900)).toBe(2));
  test("keeps the longer side within what browsers draw on", () => expect(of(500, 40_000) * 40_000).toBe(16_000));
  test("keeps the whole within what they draw on", () => {
    const scale = of(12_000, 12_000);
    expect(12_000 * 12_000 * scale ** 2).toBeCloseTo(64_000_000);
  });
});
