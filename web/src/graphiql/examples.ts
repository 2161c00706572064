// The example documents, in the order of their file names.
import { gateway } from "../gateway";
import { prefixed } from "../prefix";
import { note } from "./credentials";

const texts = import.meta.glob<string>("./examples/*.graphql", { eager: true, query: "?raw", import: "default" });

export const examples = Object.keys(texts)
  .sort()
  .map((path) => prefixed(texts[path]!, gateway.prefix, { aliased: false }))
  .map((text, index) => (index === 0 ? note + text : text));

/** An example's title: the name of its operation. */
export function titleOf(example: string): string {
  return /^(?:query|subscription) (\w+)/m.exec(example)![1]!;
}
