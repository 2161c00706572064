import { Kind, parse } from "graphql";
import { expect, test } from "vitest";
import sdl from "../../schema.graphql?raw";
import { prefixed } from "../src/prefix";

const documents = import.meta.glob<string>("../src/**/*.graphql", { eager: true, query: "?raw", import: "default" });

test("only names of types and root fields change", () => {
  const document = `# lineage of an Artifact
query Walk($start: [Arn!]! = ["lineage"], $filter: LineageFilter) {
  lineage(start: $start,   filter: $filter) { # Artifact
    vertices { entity { name ... on Artifact { lineage { counts { count } } } ...Named } }
  }
  again: artifact(arn: "Artifact") { __typename }
  __typename
}
fragment Named on LineageEntity { artifact: name }
`;
  expect(prefixed(document, "SageMaker", { aliased: false })).toBe(`# lineage of an Artifact
query Walk($start: [Arn!]! = ["lineage"], $filter: SageMakerLineageFilter) {
  sageMakerLineage(start: $start,   filter: $filter) { # Artifact
    vertices { entity { name ... on SageMakerArtifact { lineage { counts { count } } } ...Named } }
  }
  again: sageMakerArtifact(arn: "Artifact") { __typename }
  __typename
}
fragment Named on SageMakerLineageEntity { artifact: name }
`);
});

test("responses keep the names of root fields", () => {
  const document = "subscription { lineage(start: []) { visited } other: lineage(start: []) { visited } }";
  expect(prefixed(document, "SageMaker")).toBe(
    "subscription { lineage: sageMakerLineage(start: []) { visited } other: sageMakerLineage(start: []) { visited } }",
  );
});

test("root fields in fragments are renamed", () => {
  const document =
    "{ ... { pipelines { nodes { name } } ... on Query { _service { sdl } } ...Rest } } fragment Rest on Query { projects { nodes { name } } }";
  expect(prefixed(document, "ml", { aliased: false })).toBe(
    "{ ... { mlPipelines { nodes { name } } ... on Query { _service { sdl } } ...Rest } } fragment Rest on Query { mlProjects { nodes { name } } }",
  );
});

test("without a prefix, a document is unchanged, even if invalid", () => {
  expect(prefixed("{ no document", "")).toBe("{ no document");
});

const types = parse(sdl).definitions.flatMap((it) =>
  "name" in it && it.name && !it.kind.startsWith("Directive") ? [it] : [],
);

test.each(types.map(({ kind, name }) => [name!.value, kind] as const))(
  "%s, a %s, is named as its kind is",
  (name, kind) => {
    // Names that federation adds contain an underscore.
    const shared = ["Query", "Mutation", "Subscription", "Node", "PageInfo"].includes(name) || name.includes("_");
    const kept = shared || kind === Kind.SCALAR_TYPE_DEFINITION;
    const document = `query ($of: ${name}) { _any(of: $of) }`;
    expect(prefixed(document, "SageMaker") === document).toBe(kept);
  },
);

test.each(Object.entries(documents))("%s keeps its lines and comments", (_, document) => {
  const comments = (text: string) => text.match(/#.*$/gm);
  const changed = prefixed(document, "SageMaker");
  expect(changed).not.toBe(document);
  expect(comments(changed)).toEqual(comments(document));
  expect(changed.split("\n").length).toBe(document.split("\n").length);
});
