// The same document for a gateway whose names have a prefix (GATEWAY_TYPE_PREFIX); the rules are gateway/schema/names.py's.
import { type FieldNode, type NameNode, parse, type SelectionSetNode, visit } from "graphql";

const ROOTS = new Set(["Query", "Mutation", "Subscription"]);
const KEPT = new Set([
  ...ROOTS,
  ...["Node", "PageInfo"],
  ...["Arn", "Boolean", "DateTime", "Float", "ID", "Int", "Long", "String"],
]);

/**
 * Puts the prefix before the names of types and root fields, and leaves the rest of the text as it is.
 *
 * Root fields get their plain names as aliases, so that answers keep their shape, unless `aliased` says otherwise.
 */
export function prefixed(document: string, prefix: string, { aliased = true } = {}): string {
  if (!prefix) return document;
  const edits: { name: NameNode; text: string }[] = [];

  const renameType = (name: NameNode) => {
    if (!KEPT.has(name.value) && !name.value.includes("_")) edits.push({ name, text: prefix + name.value });
  };
  const renameField = ({ name, alias }: FieldNode) => {
    if (name.value.startsWith("_")) return;
    const renamed = lowered(prefix) + raised(name.value);
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
  // From the end, so that places further up stay where the parser saw them.
  return edits
    .sort((one, other) => other.name.loc!.start - one.name.loc!.start)
    .reduce((text, { name, text: renamed }) => replaced(text, name, renamed), document);
}

const lowered = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
const raised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const replaced = (text: string, { loc }: NameNode, by: string) => text.slice(0, loc!.start) + by + text.slice(loc!.end);
