// Saves exported files, under names that are valid on every system.

/** A file name of these parts and the current day. */
export function fileName(extension: string, ...parts: readonly string[]): string {
  const day = new Date().toISOString().slice(0, "2026-03-08".length);
  return `${["lineage", ...parts.map(plain), day].filter(Boolean).join("-")}.${extension}`;
}

/** The letters, digits and underscores of a name, joined by hyphens and cut. */
function plain(name: string): string {
  const words = name.normalize("NFC").match(/[\p{L}\p{M}\p{N}_]+/gu) ?? [];
  return [...words.join("-")].slice(0, 60).join("");
}

/** Download a file. */
export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser starts reading the URL later.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
