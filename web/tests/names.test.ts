import { describe, expect, it } from "vitest";
import { nameOf } from "../src/explorer/names";

const ARN = "arn:aws:sagemaker:eu-west-1:123456789012:artifact/0f1e";

describe("a vertex's name", () => {
  const named = (name: string | null, sourceUri: string | null) => {
    return nameOf(ARN, { arn: ARN, lineageType: "ARTIFACT", type: null, name, sourceUri });
  };

  it("is its own name", () => {
    expect(named("churn", "s3://bucket/model.tar.gz")).toBe("churn");
  });

  it("falls back to the end of its URI or ARN if its own is missing or blank", () => {
    for (const none of [null, "", " ", "\u00a0\n"]) {
      expect(named(none, "s3://bucket/model.tar.gz")).toBe("model.tar.gz");
      expect(named(none, "s3://bucket/runs/ / ")).toBe("runs");
      expect(named(none, null)).toBe("0f1e");
    }
  });

  it("is the display name unless that is blank", () => {
    const run = { arn: ARN, lineageType: "TRIAL_COMPONENT", type: null, name: "run-1", sourceUri: null } as const;
    expect(nameOf(ARN, { ...run, displayName: "Run 1" })).toBe("Run 1");
    expect(nameOf(ARN, { ...run, displayName: "" })).toBe("run-1");
  });

  it("is the end of its ARN if nothing else is known, or the whole ARN if that has none", () => {
    expect(nameOf(ARN, undefined)).toBe("0f1e");
    expect(nameOf("/", undefined)).toBe("/");
  });
});
