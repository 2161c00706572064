// The drawer with the details of the selected vertex or edge.

import "./drawer.css";
import { X } from "lucide-react";
import { type KeyboardEvent, type RefObject, useEffect, useRef } from "react";
import { Comparison } from "./Comparison";
import { EdgeDetails } from "./EdgeDetails";
import { Icon } from "./Icon";
import { Inspector } from "./Inspector";
import { useExplorer } from "./store";
import { edgeId } from "./graph";
import { KINDS, nameOf, typeOf } from "./names";
import type { Scene } from "./scene";
import { type View, detailed } from "./view";
import { useWanted } from "./wanted";

export function Drawer({ scene }: { scene: Scene }) {
  const [first, second] = useExplorer(({ view }) => view.selected);
  const compared = useExplorer(({ view }) => view.compared);
  const drawer = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const selected = useExplorer(({ view }) => keyOf(view));
  const restoreFocus = useFocus(selected, drawer, heading);
  const close = () => {
    restoreFocus();
    useExplorer.getState().go({ selected: [] });
  };
  useBodyEscape(selected !== "", close);
  if (first === undefined && !compared) return null;
  const keys = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  return (
    <aside
      ref={drawer}
      className={compared ? "drawer comparing" : "drawer"}
      aria-labelledby="selected"
      onKeyDown={keys}
    >
      <button type="button" className="tool close" title="Close" onClick={close}>
        <X size={18} aria-hidden />
        <span className="unseen">Close</span>
      </button>
      {first !== undefined && second === undefined ? (
        <VertexHead heading={heading} arn={first} />
      ) : (
        <h2 ref={heading} id="selected" tabIndex={-1}>
          {compared ? "Comparison" : "Association"}
        </h2>
      )}
      {compared ? (
        <Comparison key={selected} pair={compared} />
      ) : second === undefined ? (
        <Inspector key={first} arn={first!} scene={scene} />
      ) : (
        <EdgeDetails key={selected} source={first!} destination={second} />
      )}
    </aside>
  );
}

/** Identifies what the drawer shows; it stays the same when what is compared is swapped. */
function keyOf({ selected: [first, second], compared }: View): string {
  if (compared) return `compared ${compared.toSorted().join(" ")}`;
  return first === undefined ? "" : second === undefined ? first : edgeId(first, second);
}

function VertexHead({ heading, arn }: { heading: RefObject<HTMLHeadingElement | null>; arn: string }) {
  const vertex = useExplorer(({ graph }) => graph.vertices.get(arn));
  const title = useExplorer(({ titles }) => titles.get(arn));
  useWanted("wantTitles", [arn]);
  const known = vertex ?? title;
  return (
    <div className={`head ${known?.lineageType.toLowerCase() ?? ""}`}>
      {known && <Icon lineageType={known.lineageType} type={known.type} />}
      <h2 ref={heading} id="selected" tabIndex={-1}>
        <bdi>{nameOf(arn, title)}</bdi>
      </h2>
      {known && (
        <p className="label">
          {typeOf(known)}
          {known.type && ` · ${KINDS[known.lineageType]}`}
        </p>
      )}
    </div>
  );
}

/** Focuses the heading after a selection by Space or Enter, or within the drawer; returns how to restore the focus. */
function useFocus(
  selected: string,
  drawer: RefObject<HTMLElement | null>,
  heading: RefObject<HTMLElement | null>,
): () => void {
  const pressed = useRef<EventTarget | null>(null);
  const from = useRef<Element | null>(null);
  useEffect(() => {
    const note = (event: Event) => {
      const isPress = event instanceof globalThis.KeyboardEvent && [" ", "Enter"].includes(event.key);
      const isWithin = event.type === "click" && drawer.current?.contains(event.target as Node);
      if (event.type !== "click" || isWithin) pressed.current = isPress || isWithin ? event.target : null;
    };
    const kinds = ["keydown", "pointerdown", "click"];
    for (const kind of kinds) document.addEventListener(kind, note, true);
    return () => {
      for (const kind of kinds) document.removeEventListener(kind, note, true);
    };
  }, [drawer]);
  useEffect(() => {
    const by = pressed.current;
    if (!selected || !(by instanceof Element)) return;
    // The search itself focuses the start that it finds, but not a vertex to compare with.
    if (by.matches("input, textarea") && !useExplorer.getState().view.compared) return;
    if (!drawer.current?.contains(by) && by.isConnected) from.current = by;
    heading.current?.focus();
  }, [selected, drawer, heading]);
  return () => {
    if (!drawer.current?.contains(document.activeElement)) return;
    const [arn = ""] = detailed(useExplorer.getState().view);
    const card = document.querySelector<HTMLElement>(`.face[data-arn="${CSS.escape(arn)}"]`);
    const before = from.current?.isConnected ? (from.current as HTMLElement) : null;
    (card ?? before)?.focus();
  };
}

/** Closes the drawer on Escape also if nothing has the focus, as after a click on an edge. */
function useBodyEscape(isOpen: boolean, close: () => void): void {
  useEffect(() => {
    if (!isOpen) return;
    const escape = (event: globalThis.KeyboardEvent) => {
      if (event.key === "Escape" && (event.target as Element).matches("body, main")) close();
    };
    document.addEventListener("keydown", escape);
    return () => document.removeEventListener("keydown", escape);
  });
}
