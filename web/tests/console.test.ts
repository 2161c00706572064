import { describe, expect, test } from "vitest";
import { consolePage } from "../src/explorer/console";

const OWN = "arn:aws:sagemaker:eu-west-1:123456789012:artifact/0123456789abcdef0123456789abcdef";
const HOME = "https://console.aws.amazon.com/sagemaker/home?region=eu-west-1";
const href = (sourceUri: string, arn = OWN) => consolePage(arn, sourceUri)?.href;

test.each([
  ["training-job/churn", `${HOME}#/jobs/churn`],
  ["processing-job/churn", `${HOME}#/processing-jobs/churn`],
  ["transform-job/churn", `${HOME}#/transform-jobs/churn`],
  ["endpoint/churn", `${HOME}#/endpoints/churn`],
  ["model-package/churn", `${HOME}#/model-packages/churn`],
  ["model-package/churn/3", `${HOME}#/studio-landing`],
  ["model-package-group/churn", `${HOME}#/studio-landing`],
  ["pipeline/churn/execution/abc", `${HOME}#/studio-landing`],
])("%s has the page %s", (resource, page) => {
  expect(href(`arn:aws:sagemaker:eu-west-1:123456789012:${resource}`)).toBe(page);
});

test.each([
  ["aws-cn", "cn-north-1", "console.amazonaws.cn"],
  ["aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"],
])("the partition %s has a console of its own", (partition, region, host) => {
  const job = `arn:${partition}:sagemaker:${region}:123456789012:training-job/churn`;
  expect(href(job)).toBe(`https://${host}/sagemaker/home?region=${region}#/jobs/churn`);
  const own = OWN.replace(":aws:", `:${partition}:`).replace("eu-west-1", region);
  expect(href("s3://acme/a.csv", own)).toBe(`https://${host}/s3/object/acme?region=${region}&prefix=a.csv`);
});

describe("an S3 URI", () => {
  test("leads to its object", () => {
    expect(href("s3://acme/runs/a b&c.csv")).toBe(
      "https://console.aws.amazon.com/s3/object/acme?region=eu-west-1&prefix=runs%2Fa%20b%26c.csv",
    );
  });

  test("that is a folder leads to its bucket", () => {
    expect(href("s3://acme/runs/")).toBe(
      "https://console.aws.amazon.com/s3/buckets/acme?region=eu-west-1&prefix=runs%2F",
    );
    expect(href("s3://acme")).toBe("https://console.aws.amazon.com/s3/buckets/acme?region=eu-west-1&prefix=");
  });
});

test.each([
  [
    "763104351884.dkr.ecr.us-west-2.amazonaws.com/team/train:1.0",
    "https://console.aws.amazon.com/ecr/repositories/private/763104351884/team/train?region=us-west-2",
  ],
  [
    "763104351884.dkr.ecr.cn-north-1.amazonaws.com.cn/train@sha256:00",
    "https://console.amazonaws.cn/ecr/repositories/private/763104351884/train?region=cn-north-1",
  ],
])("the image %s leads to its repository", (image, page) => {
  expect(href(image)).toBe(page);
});

test.each([
  "javascript:alert(1)",
  "http://example.com/model",
  "arn:aws:sagemaker:evil.example/:123456789012:endpoint/x",
  "arn:constructor:sagemaker:eu-west-1:123456789012:endpoint/x",
  "arn:aws:sagemaker:eu-west-1:123456789012:constructor/x",
  "arn:aws:lambda:eu-west-1:123456789012:function:x",
  "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/",
  "",
])("%j has no page", (sourceUri) => {
  expect(consolePage(OWN, sourceUri)).toBeNull();
});

test("no source leads to a page outside the console", () => {
  for (const name of ["a/../../b", "x?y#z", '"><script>', "..", "@evil.example"]) {
    for (const uri of [`s3://acme/${name}`, `arn:aws:sagemaker:eu-west-1:123456789012:endpoint/${name}`]) {
      const page = href(uri);
      if (page !== undefined) expect(new URL(page).origin).toBe("https://console.aws.amazon.com");
    }
  }
});
