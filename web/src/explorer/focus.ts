// Keeps the focus near where it was when the focused element is removed, as a notice is on "Try again".

/** Focus the main region, from where Tab leads into the picture. */
function focusMain(): void {
  const main = document.querySelector("main")!;
  // Not focusable otherwise, or clicks within would focus it.
  main.tabIndex = -1;
  main.focus();
  main.addEventListener("blur", () => main.removeAttribute("tabindex"), { once: true });
}

/** Focus an element again or, if it is gone or was the body, the main region. */
export function restoreFocus(before: Element | null): void {
  if (before instanceof HTMLElement) before.focus();
  if (document.activeElement === document.body) focusMain();
}

/** Whenever the focused element is removed, focus its drawer's heading, its menu's button, or else the main region. */
export function keepFocus(): void {
  let focused: Element | null = null;
  let around: Element | null = null;
  document.addEventListener("focusin", ({ target }) => {
    focused = target as Element;
    around = focused.closest(".drawer, .export-menu, .canvas");
  });
  // The user took the focus away, unless the element is being removed.
  document.addEventListener("focusout", () => {
    setTimeout(() => {
      if (focused?.isConnected && focused !== document.activeElement) focused = null;
    });
  });
  new MutationObserver(() => {
    if (!focused || focused.isConnected || document.activeElement !== document.body) return;
    focused = null;
    // Cards that are scrolled out of view are removed, and have the focus again when they come back.
    if (around?.matches(".canvas")) return;
    restoreFocus(around?.isConnected ? around.querySelector("h2, .opens-menu") : null);
  }).observe(document.body, { childList: true, subtree: true });
}
