// Makes an account's texts safe and short enough for an SVG picture.

/** Control characters, lone surrogates and noncharacters, which XML forbids or discourages. */
const NOT_XML =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufdd0-\ufdef\ufffe\uffff]|\p{Surrogate}/gu;

/** A text with what XML cannot hold replaced by U+FFFD. */
export const xmlText = (text: string): string => text.replace(NOT_XML, "\ufffd");

/** A text as one line, cut with an ellipsis to fit into a width. */
export function truncated(text: string, width: number, measure: (text: string) => number): string {
  const line = xmlText(text).replace(/\s+/gu, " ").trim();
  if (measure(line) <= width) return line;
  const letters = [...new Intl.Segmenter().segment(line)].map(({ segment }) => segment);
  let [fits, over] = [0, letters.length];
  while (over - fits > 1) {
    const half = (fits + over) >> 1;
    if (measure(`${letters.slice(0, half).join("")}…`) <= width) fits = half;
    else over = half;
  }
  return `${letters.slice(0, fits).join("").trimEnd()}…`;
}
