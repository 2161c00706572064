import { describe, expect, test } from "vitest";
import { fileName } from "../src/explorer/files";
import { truncated, xmlText } from "../src/explorer/text";
import { scaleOf } from "../src/explorer/png";

describe("a file name", () => {
  const DAY = new Date().toISOString().slice(0, 10);

  test("has the start, the side and the day", () => {
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
  ])("keeps the portable characters of %j", (name, plain) => {
    expect(fileName("svg", name)).toBe(`${["lineage", plain, DAY].filter(Boolean).join("-")}.svg`);
  });
});

describe("a truncated text", () => {
  const letters = (text: string) => [...text].length;

  test("is unchanged if it fits", () => expect(truncated("<a&b>", 5, letters)).toBe("<a&b>"));
  test("is one line", () => expect(truncated(" a\n\u2028\tb ", 9, letters)).toBe("a b"));
  test("is cut if it does not fit", () => expect(truncated("abcdefgh", 5, letters)).toBe("abcd…"));
  test("is cut between grapheme clusters", () => {
    const family = "👨‍👩‍👧";
    expect(truncated(`ab${family}${family}`, 9, (text) => text.length)).toBe("ab…");
  });
  test("is only an ellipsis if nothing fits", () => expect(truncated("abc", 0, letters)).toBe("…"));
  test("contains only characters valid in XML", () => {
    expect(xmlText("a\u0000\u0008\u001b\ufffe\ud800b😀\n")).toBe("a\ufffd\ufffd\ufffd\ufffd\ufffdb😀\n");
  });
});

describe("the PNG's scale", () => {
  const of = (width: number, height: number) => scaleOf({ svg: "", width, height }, 2);

  test("is the wanted one", () => expect(of(1600, 900)).toBe(2));
  test("limits the longer side", () => expect(of(500, 40_000) * 40_000).toBe(16_000));
  test("limits the area", () => {
    const scale = of(12_000, 12_000);
    expect(12_000 * 12_000 * scale ** 2).toBeCloseTo(64_000_000);
  });
});
