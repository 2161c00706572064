// Copies a text to the clipboard, and returns a message about the outcome.

export async function copy(text: string): Promise<string> {
  try {
    // The Clipboard API is missing on pages served over plain HTTP, except from localhost.
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else if (!copySelected(text)) return "Could not be copied.";
    return "Copied.";
  } catch {
    return "Could not be copied.";
  }
}

function copySelected(text: string): boolean {
  const before = document.activeElement;
  const field = document.body.appendChild(document.createElement("textarea"));
  field.value = text;
  field.select();
  const isCopied = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return isCopied;
}
