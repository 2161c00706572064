// Generates src/generated/: the types and texts of all .graphql documents in src, validated against ../schema.graphql.
// A document that does not match the schema fails here; code that reads removed fields fails in tsc.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as documents from "@graphql-codegen/typed-document-node";
import * as operations from "@graphql-codegen/typescript-operations";
import { parse } from "graphql";

const at = (path) => new URL(path, import.meta.url);
const parsed = (path) => ({ location: path, document: parse(readFileSync(at(path), "utf8")) });

const code = await codegen({
  filename: "graphql.ts",
  schema: parsed("../schema.graphql").document,
  documents: readdirSync(at("src"), { recursive: true })
    .filter((path) => path.endsWith(".graphql"))
    .sort()
    .map((path) => parsed(`src/${path}`)),
  plugins: [{ operations: {} }, { documents: {} }],
  pluginMap: { operations, documents },
  config: {
    documentMode: "string",
    pureMagicComment: true,
    immutableTypes: true,
    scalars: {
      Arn: "string",
      DateTime: "string",
      Long: "number",
      _Any: "unknown",
      federation__FieldSet: "string",
      link__Import: "unknown",
    },
    skipTypename: true,
    strictScalars: true,
    useTypeImports: true,
  },
});
mkdirSync(at("src/generated"), { recursive: true });
writeFileSync(at("src/generated/graphql.ts"), code);
