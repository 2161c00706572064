// Reads a Mermaid diagram, as a JSON string, from each line of standard input. Prints a line of JSON with the vertices
// and edges that Mermaid's parser found in it, or the parser's error.
import { createInterface } from "node:readline";
import DOMPurify from "dompurify";

// The parser removes HTML from labels with DOMPurify, which does nothing without a DOM. The raw labels are tested here.
DOMPurify.addHook ??= () => {};
DOMPurify.sanitize ??= (text) => text;
const { default: mermaid } = await import("mermaid");

// A label's lines. Mermaid has its own encoding of character entities until it draws them, which is decoded here.
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
