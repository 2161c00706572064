// The searchable list of a stack's members, from which one can be picked.

import { useReactFlow } from "@xyflow/react";
import { useEffect, useRef, useState } from "react";
import { useExplorer } from "./store";
import { nameOf, typeOf } from "./names";
import { choose, isPicking } from "./picking";
import type { Stack } from "./scene";

/** The maximum number of listed members. */
const LISTED = 50;

export function StackList({ stack, close }: { stack: Stack; close: () => void }) {
  const [text, setText] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const flow = useReactFlow();
  const titles = useExplorer((state) => state.titles);
  const picked = useExplorer((state) => state.view.picked);
  const { go, graph, start, wantTitles } = useExplorer.getState();
  useEffect(() => {
    const pane = list.current!.closest(".canvas")!.getBoundingClientRect();
    const { top, left, right, bottom } = list.current!.getBoundingClientRect();
    // Move the canvas until the list is in view; of a list larger than the canvas, its top left.
    const out = Math.max(0, Math.min(right - pane.right, left - pane.left));
    const down = Math.max(0, Math.min(bottom - pane.bottom, top - pane.top));
    const { x, y, zoom } = flow.getViewport();
    if (out || down) void flow.setViewport({ x: x - out, y: y - down, zoom });
    field.current?.focus({ preventScroll: true });
  }, [flow]);
  useEffect(() => wantTitles(stack.members), [stack.members, wantTitles]);
  const sought = text.trim().toLowerCase();
  const found = stack.members.filter((arn) => `${nameOf(arn, titles.get(arn))} ${arn}`.toLowerCase().includes(sought));
  // Members of a group are never drawn as cards, so the picked one becomes the start.
  const pick = (arn: string) => {
    if (isPicking()) choose(arn);
    else if (stack.of === null) start(arn);
    else go({ picked: [...picked, arn], selected: [arn] });
    close();
  };
  return (
    <div
      ref={list}
      className="listed nowheel nopan"
      role="dialog"
      aria-label="Vertices in the stack"
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
        event.stopPropagation();
      }}
    >
      <input
        ref={field}
        type="search"
        value={text}
        placeholder={`Search ${stack.members.length.toLocaleString("en")}`}
        aria-label="Search the stack"
        onChange={(event) => setText(event.target.value)}
      />
      <ul>
        {found.slice(0, LISTED).map((arn) => (
          <li key={arn}>
            <button type="button" onClick={() => pick(arn)}>
              <bdi className="name">{nameOf(arn, titles.get(arn))}</bdi>
              <small>{typeOf(graph.vertices.get(arn)!)}</small>
            </button>
          </li>
        ))}
      </ul>
      <p className="note">
        {found.length > LISTED
          ? `The first ${LISTED} of ${found.length.toLocaleString("en")}.`
          : found.length
            ? ""
            : "No match."}
      </p>
    </div>
  );
}
