// A menu button as in the ARIA pattern: arrows, Home, End and first letters move between items, Escape closes.

import { ChevronDown } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, type ReactNode, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { isCommand } from "./keyboard";

const ITEMS = '[role="menuitem"], [role="menuitemradio"]';

export function Menu({ label, disabled, children }: { label: string; disabled: boolean; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const items = () => [...(menu.current?.querySelectorAll<HTMLElement>(ITEMS) ?? [])];

  const openAt = (index: number) => {
    flushSync(() => setOpen(true));
    items().at(index)?.focus();
  };
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const keysOnButton = (event: KeyboardEvent) => {
    if (isCommand(event)) return;
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    openAt(event.key === "ArrowDown" ? 0 : -1);
  };
  const keysOnItems = (event: KeyboardEvent) => {
    if (isCommand(event)) return;
    if (event.key === "Tab") return setOpen(false);
    const wanted = next(items(), event.key);
    if (event.key === "Escape") close();
    else if (wanted) wanted.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const chosen = ({ target }: MouseEvent) => {
    if ((target as Element).closest('[role="menuitem"]')) close();
  };

  return (
    <div
      className="menu-of"
      onBlur={({ currentTarget, relatedTarget }) => !currentTarget.contains(relatedTarget) && setOpen(false)}
    >
      <button
        ref={button}
        id={`${id}-button`}
        type="button"
        className="opens-menu"
        disabled={disabled}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => (isOpen ? setOpen(false) : openAt(0))}
        onKeyDown={keysOnButton}
      >
        {label} <ChevronDown size={14} aria-hidden />
      </button>
      {isOpen && (
        <div
          ref={menu}
          role="menu"
          className="menu"
          tabIndex={-1}
          aria-labelledby={`${id}-button`}
          onKeyDown={keysOnItems}
          onClick={chosen}
        >
          {children}
        </div>
      )}
    </div>
  );
}

/** The item that a key moves the focus to. */
function next(items: readonly HTMLElement[], key: string): HTMLElement | undefined {
  const at = items.indexOf(document.activeElement as HTMLElement);
  if (key === "ArrowDown") return items[(at + 1) % items.length];
  if (key === "ArrowUp") return items.at(at <= 0 ? -1 : at - 1);
  if (key === "Home") return items[0];
  if (key === "End") return items.at(-1);
  if (key.length !== 1 || key === " ") return undefined;
  const round = [...items.slice(at + 1), ...items.slice(0, at + 1)];
  return round.find(({ textContent }) => textContent.trim().toLowerCase().startsWith(key.toLowerCase()));
}

/** A group of items under a heading. */
export function MenuGroup({ label, children }: { label: string; children: ReactNode }) {
  const id = useId();
  return (
    <div role="group" aria-labelledby={id}>
      <div id={id} role="presentation" className="heading">
        {label}
      </div>
      {children}
    </div>
  );
}
