// What a picture becomes that is taken away: files with names that any system takes.

/** A file's name: what it is of, and the day. */
export function fileName(extension: string, ...parts: readonly string[]): string {
  const day = new Date().toISOString().slice(0, "2026-03-08".length);
  return `${["lineage", ...parts.map(plain), day].filter(Boolean).join("-")}.${extension}`;
}

/** Letters, numbers and a few signs of a name, which may hold anything. */
function plain(name: string): string {
  const words = name.normalize("NFC").match(/[\p{L}\p{M}\p{N}_]+/gu) ?? [];
  return [...words.join("-")].slice(0, 60).join("");
}

/** Have the browser save a file. */
export function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser reads it when it gets to it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
