import { expect, test } from "vitest";
import { linkedIn, linkTo } from "../src/link";

test("a link has the document and its variables in its fragment", () => {
  const document = {
    query: 'query Ärger { artifacts(type: "a&b=c#d") { nodes { arn } } }\n',
    variables: '{"x": "1 + 1"}',
  };
  const [address, fragment] = linkTo(document).split("#");
  expect(address).toBe("graphql");
  expect(linkedIn(`#${fragment}`)).toEqual(document);
});

test("variables may be left out", () => {
  expect(linkedIn("#query=%7Ba%7D")).toEqual({ query: "{a}", variables: "" });
});

test("other parameters of a link are ignored", () => {
  expect(linkedIn("#query=%7Ba%7D&headers=%7B%7D&run=1")).toEqual({ query: "{a}", variables: "" });
});

test.each(["", "#", "#query=", "#section"])("%o is no link", (fragment) => {
  expect(linkedIn(fragment)).toBeUndefined();
});
