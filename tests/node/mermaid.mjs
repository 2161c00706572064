// Reads a Mermaid diagram as a JSON string from each line of standard input, and writes on a line what Mermaid's own
// parser found in it, or the error that it raised.
import { createInterface } from "node:readline";
import DOMPurify from "dompurify";

// The parser cleans labels of HTML by DOMPurify, which without a DOM can do nothing; what is tested is what it is given.
DOMPurify.addHook ??= () => {};
DOMPurify.sanitize ??= (text) => text;
const { default: mermaid } = await import("mermaid");

// A label's lines, with the character entities that Mermaid holds in a spelling of its own until it draws.
const lines = (label) =>
  label.split("<br/>").map((line) => line.replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(code)));

for await (const line of createInterface({ input: process.stdin })) {
  let found;
  try {
    const diagram = JSON.parse(line);
    await mermaid.parse(diagram);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(diagram);
    found = {
      vertices: [...db.getVertices().values()].map(({ id, text, type, classes }) => [id, lines(text), type, classes]),
      edges: db.getEdges().map(({ start, end, text, stroke }) => [start, end, lines(text), stroke]),
    };
  } catch (error) {
    found = { error: error.message };
  }
  console.log(JSON.stringify(found));
}
