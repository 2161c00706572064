// The card of a vertex on the canvas.

import { Crosshair, Minus, Plus, TriangleAlert } from "lucide-react";
import type { Node, NodeProps } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";
import { Handles } from "./Handles";
import { Icon } from "./Icon";
import { useExplorer } from "./store";
import { type Side, SIDES } from "./graph";
import { KINDS, nameOf, typeOf } from "./names";
import { choose, usePicking } from "./picking";
import type { Card, CardSide } from "./scene";
import { detailed } from "./view";

export type CardNode = Node<{ card: Card }, "card">;

const SIDE_WORDS: Record<Side, string> = { up: "upstream", down: "downstream" };

export const VertexCard = memo(function VertexCard({ data: { card } }: NodeProps<CardNode>) {
  const shade = useExplorer(({ lit }) => (lit === null ? "" : lit.has(card.id) ? "lit" : "dim"));
  const isSelected = useExplorer(({ view }) => detailed(view).includes(card.id));
  const isEnd = usePicking(({ first }) => first === card.id);
  const state = [shade, isSelected && "selected", isEnd && "first-end", card.isStart && "start"]
    .filter(Boolean)
    .join(" ");
  const className = `card ${card.vertex.lineageType.toLowerCase()} ${state}`;
  const { arn, lineageType, type } = card.vertex;
  const title = useExplorer(({ titles }) => titles.get(arn));
  const isTabStop = useExplorer(({ focused }) => (focused === null ? card.isEntry : focused === arn));
  const isFocused = useExplorer(({ focused }) => focused === arn);
  const face = useRef<HTMLDivElement>(null);
  const { moveTo, start, wantSides, wantTitles } = useExplorer.getState();
  useEffect(() => wantTitles([arn]), [arn, wantTitles]);
  useEffect(() => wantSides([arn]), [arn, wantSides]);
  useEffect(() => {
    // A card that is mounted again on scrolling must not take the focus from outside the canvas.
    const { activeElement } = document;
    const isFree = activeElement === document.body || activeElement?.closest(".canvas");
    if (isFocused && isFree) face.current?.focus({ preventScroll: true });
  }, [isFocused]);
  const name = nameOf(arn, title);
  return (
    <div className={className}>
      <Handles />
      <SideButton card={card} side="up" name={name} />
      <div
        ref={face}
        className="face"
        role="button"
        tabIndex={isTabStop ? 0 : -1}
        aria-label={`${name}, ${typeOf(card.vertex)}, ${KINDS[lineageType]}${card.isStart ? ", the start" : ""}. ${SIDES.map((side) => sideInWords(side, card.sides[side])).join(", ")}`}
        data-arn={arn}
        title={name}
        onClick={(event) => choose(arn, event.shiftKey)}
        onFocus={() => moveTo(arn)}
      >
        <Icon lineageType={lineageType} type={type} />
        <bdi className={title ? "name" : "name unnamed"}>{name}</bdi>{" "}
        <span className="type">
          {typeOf(card.vertex)}
          {type && <small> · {KINDS[lineageType]}</small>}
        </span>
      </div>
      {!card.isStart && (
        <button
          type="button"
          className="restart"
          tabIndex={-1}
          title="Make this the start"
          aria-label={`Make ${name} the start`}
          onClick={() => start(arn)}
        >
          <Crosshair size={14} aria-hidden />
        </button>
      )}
      <SideButton card={card} side="down" name={name} />
    </div>
  );
});

const hasButton = ({ open, hidden, unknown }: CardSide): boolean => open || hidden > 0 || unknown;

/** How far the button at a side sticks out of the card, where it would cover arrowheads. */
export function reachOf(side: CardSide | undefined): number {
  if (!side || !hasButton(side)) return 0;
  const { open, hidden, missing } = side;
  const digits = open || !hidden ? 0 : String(hidden).length;
  return 12 + 7 * digits + (missing ? 12 : 0);
}

function SideButton({ card, side, name }: { card: Card; side: Side; name: string }) {
  const { open, hidden, missing } = card.sides[side];
  const explorer = useExplorer.getState();
  if (!hasButton(card.sides[side])) return null;
  const does = open ? "Hide" : "Show";
  const count = open ? 0 : hidden;
  return (
    <button
      type="button"
      className={`side ${side} ${missing ? "missing" : ""}`}
      tabIndex={-1}
      title={`${does} what is ${SIDE_WORDS[side]}${missing ? ": some of it is missing" : ""}`}
      aria-label={`${does} ${count || "what is"} ${SIDE_WORDS[side]} of ${name}`}
      aria-expanded={open}
      onClick={() => (open ? explorer.close(card.id, side) : explorer.open(card.id, side))}
    >
      {missing && <TriangleAlert size={12} aria-hidden />}
      {open ? <Minus size={12} aria-hidden /> : <Plus size={12} aria-hidden />}
      {count > 0 && <span>{count}</span>}
    </button>
  );
}

function sideInWords(side: Side, { open, shown, hidden, unknown, missing }: CardSide): string {
  if (missing) return `${SIDE_WORDS[side]} ${shown ? "shown in part: some of it is missing" : "missing"}`;
  if (open || (shown && !hidden)) return `${SIDE_WORDS[side]} shown`;
  if (hidden) return `${hidden} more ${SIDE_WORDS[side]}`;
  return unknown ? `${SIDE_WORDS[side]} not known yet` : `nothing ${SIDE_WORDS[side]}`;
}
