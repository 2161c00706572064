// A button that opens a panel below it; the Popover API handles Escape, clicks elsewhere and the focus.

import { ChevronDown } from "lucide-react";
import { type ReactNode, type ToggleEvent, useEffect, useId, useRef, useState } from "react";

const WIDTH = 340;
const MARGIN = 8;

/** The children are rendered only while the panel is open. */
export function Popover({ label, title, children }: { label: ReactNode; title: string; children: ReactNode }) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [isOpen, setOpen] = useState(false);
  const begin = ({ newState }: ToggleEvent<HTMLDivElement>) => {
    if (newState !== "open") return;
    place(button.current!, panel.current!);
    setOpen(true);
  };
  useEffect(() => {
    if (!isOpen) return;
    const follow = () => place(button.current!, panel.current!);
    addEventListener("resize", follow);
    return () => removeEventListener("resize", follow);
  }, [isOpen]);
  const settle = ({ currentTarget, newState }: ToggleEvent<HTMLDivElement>) => {
    setOpen(newState === "open");
    if (newState === "open") currentTarget.querySelector<HTMLElement>("input, button")?.focus();
  };
  return (
    <>
      <button ref={button} type="button" className="opens-menu" popoverTarget={id} aria-expanded={isOpen}>
        {label} <ChevronDown size={14} aria-hidden />
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        className="popover"
        role="dialog"
        aria-label={title}
        onBeforeToggle={begin}
        onToggle={settle}
      >
        {isOpen && children}
      </div>
    </>
  );
}

/** Position the panel below its button, within the window. */
function place(button: HTMLElement, { style }: HTMLElement): void {
  const { bottom, left } = button.getBoundingClientRect();
  style.top = `${bottom + 6}px`;
  style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - WIDTH - MARGIN))}px`;
  style.maxHeight = `${innerHeight - bottom - 6 - MARGIN}px`;
}
