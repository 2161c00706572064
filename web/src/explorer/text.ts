// Texts of an account's in a picture that other programs read.

/** Controls, halves of characters and such, which XML cannot hold or no reader expects. */
const NO_TEXT =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufdd0-\ufdef\ufffe\uffff]|\p{Surrogate}/gu;

/** A text as XML can hold it. */
export const xmlText = (text: string): string => text.replace(NO_TEXT, "\ufffd");

/** As much of a text, in one line, as fits into a width. */
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
