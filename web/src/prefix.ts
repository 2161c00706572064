// Adapts documents to a gateway with GATEWAY_TYPE_PREFIX, by the rules of gateway/schema/names.py.
import { type FieldNode, type NameNode, parse, type SelectionSetNode, visit } from "graphql";

const ROOTS = new Set(["Query", "Mutation", "Subscription"]);
const UNPREFIXED = new Set([
  ...ROOTS,
  ...["Node", "PageInfo"],
  ...["Arn", "Boolean", "DateTime", "Float", "ID", "Int", "Long", "String"],
]);

/**
 * Prefixes the names of types and root fields, and leaves the rest of the text unchanged.
 *
 * Root fields are aliased to their original names, so that responses keep their shape, unless `aliased` is false.
 */
export function prefixed(document: string, prefix: string, { aliased = true } = {}): string {
  if (!prefix) return document;
  const edits: { name: NameNode; text: string }[] = [];

  const renameType = (name: NameNode) => {
    if (!UNPREFIXED.has(name.value) && !name.value.includes("_")) edits.push({ name, text: prefix + name.value });
  };
  const renameField = ({ name, alias }: FieldNode) => {
    if (name.value.startsWith("_")) return;
    const renamed = lowerFirst(prefix) + upperFirst(name.value);
    edits.push({ name, text: aliased && !alias ? `${name.value}: ${renamed}` : renamed });
  };
  const renameFields = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      if (selection.kind === "Field") renameField(selection);
      else if (selection.kind === "InlineFragment") renameFields(selection.selectionSet);
    }
  };

  visit(parse(document), {
    NamedType: ({ name }) => renameType(name),
    OperationDefinition: ({ selectionSet }) => renameFields(selectionSet),
    FragmentDefinition({ typeCondition, selectionSet }) {
      if (ROOTS.has(typeCondition.name.value)) renameFields(selectionSet);
    },
  });
  // From the end, so that the offsets of the remaining edits stay valid.
  return edits
    .sort((one, other) => other.name.loc!.start - one.name.loc!.start)
    .reduce((text, { name, text: renamed }) => replaced(text, name, renamed), document);
}

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
const upperFirst = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const replaced = (text: string, { loc }: NameNode, by: string) => text.slice(0, loc!.start) + by + text.slice(loc!.end);
