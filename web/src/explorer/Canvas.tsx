// The picture: cards and links, laid out, to be panned, zoomed and walked by keyboard.

import "@xyflow/react/dist/base.css";
import {
  Controls,
  MarkerType,
  MiniMap,
  Position,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
  useStoreApi,
} from "@xyflow/react";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Bulk } from "./Bulk";
import { type CardNode, VertexCard } from "./VertexCard";
import { LinkLine, type LinkEdge } from "./LinkLine";
import { StackCard, type StackNode } from "./StackCard";
import { useExplorer } from "./explorer";
import { HEIGHT, type Places, WIDTH, arrange } from "./layout/arrange";
import { wayThrough } from "./lighting";
import { type Arrow, isArrow, next } from "./keyboard";
import { SIDES } from "./graph";
import type { Card, Scene } from "./scene";

const NODES = { card: VertexCard, stack: StackCard };
const EDGES = { link: LinkLine };
/** With more links than this, only those that say something are elements of their own; the rest is one path. */
const SINGLY = 400;
const HANDLES = [
  { type: "target" as const, position: Position.Left, x: 0, y: HEIGHT / 2, width: 1, height: 1 },
  { type: "source" as const, position: Position.Right, x: WIDTH - 1, y: HEIGHT / 2, width: 1, height: 1 },
];

export function Canvas({ scene }: { scene: Scene }) {
  return (
    <ReactFlowProvider>
      <Laid scene={scene} />
    </ReactFlowProvider>
  );
}

interface Arranged {
  readonly scene: Scene;
  readonly places: Places;
}

/** The newest scene that is laid out, and where. */
function useArranged(scene: Scene): Arranged | null {
  const [arranged, setArranged] = useState<Arranged | null>(null);
  const latest = useRef<Places>(new Map());
  useEffect(() => {
    let isCurrent = true;
    const { at, view } = useExplorer.getState();
    arrange(scene, latest.current, at ?? view.start[0]).then((places) => {
      if (!isCurrent) return;
      latest.current = places;
      setArranged({ scene, places });
    });
    return () => {
      isCurrent = false;
    };
  }, [scene]);
  return arranged;
}

function Laid({ scene: wanted }: { scene: Scene }) {
  const arranged = useArranged(wanted);
  const flow = useReactFlow();
  const start = useExplorer(({ view }) => view.start.join());
  const fitted = useRef("");
  const lit = useExplorer((state) => state.lit);
  const selected = useExplorer((state) => state.view.selected);
  const { go, light } = useExplorer.getState();

  const nodes = useMemo(() => (arranged ? nodesOf(arranged.scene, arranged.places) : []), [arranged]);
  const isBulk = (arranged?.scene.links.length ?? 0) > SINGLY;
  const edges = useMemo(
    () => (arranged ? edgesOf(arranged.scene, isBulk ? (lit ?? new Set(selected)) : null) : []),
    [arranged, isBulk, isBulk ? lit : null, isBulk ? selected : null],
  );

  useEffect(() => {
    if (!nodes.length || fitted.current === start || !startsAt(arranged!.scene, start)) return;
    fitted.current = start;
    // The drawer may have opened just now: only the frame after next knows the room that it leaves.
    requestAnimationFrame(() => requestAnimationFrame(() => fit(flow, nodes, start)));
  }, [arranged, nodes, flow, start]);

  const trace = useCallback(
    (id: string | null) => light(id === null || !arranged ? null : wayThrough(arranged.scene, id)),
    [arranged, light],
  );
  const reveal = useReveal(arranged);
  const keys = useKeys(arranged, reveal);
  useSelectedInSight(reveal);

  return (
    <div
      className="canvas"
      role="application"
      aria-label="Lineage graph: arrows go to neighbours, Enter opens, Space selects, Escape leaves"
      onKeyDown={keys}
      onFocus={({ target }) => target.matches(".face[data-arn]:focus-visible") && trace(target.dataset["arn"]!)}
      onBlur={() => trace(null)}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={NODES}
        edgeTypes={EDGES}
        onlyRenderVisibleElements
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        zoomOnDoubleClick={false}
        minZoom={0.02}
        maxZoom={2}
        onNodeMouseEnter={(_, { id }) => trace(id)}
        onNodeMouseLeave={() => trace(null)}
        onEdgeClick={(_, { data }) => data?.link.edge && go({ selected: [data.link.source, data.link.destination] })}
        onPaneClick={() => go({ selected: [] })}
      >
        {isBulk && arranged && <Bulk {...arranged} />}
        <Controls showInteractive={false} />
        {nodes.length > 60 && (
          <MiniMap pannable zoomable nodeClassName={(node) => `mini ${node.className ?? ""}`} ariaLabel="Overview" />
        )}
      </ReactFlow>
    </div>
  );
}

function nodesOf({ cards, stacks }: Scene, places: Places): (CardNode | StackNode)[] {
  const common = (id: string) => ({
    id,
    position: places.get(id) ?? { x: 0, y: 0 },
    width: WIDTH,
    height: HEIGHT,
    handles: HANDLES,
  });
  return [
    ...[...cards.values()].map((card) => ({
      ...common(card.id),
      type: "card" as const,
      className: card.vertex.lineageType.toLowerCase(),
      data: { card },
    })),
    ...[...stacks.values()].map((stack) => ({
      ...common(stack.id),
      type: "stack" as const,
      zIndex: 1,
      data: { stack },
    })),
  ];
}

/** All links as edges; where `among` is given only those within it, and those over hidden vertices. */
function edgesOf({ links }: Scene, among: ReadonlySet<string> | null): LinkEdge[] {
  const singly =
    among === null
      ? links
      : links.filter(
          ({ source, destination, edge }) => edge?.hiddenHops || (among.has(source) && among.has(destination)),
        );
  return singly.map((link) => ({
    id: link.id,
    type: "link",
    source: link.source,
    target: link.destination,
    markerEnd: { type: MarkerType.ArrowClosed, width: 16, height: 16 },
    data: { link },
  }));
}

/** Whether a scene is of this start already, and not still of the one before. */
const startsAt = ({ cards, grouped }: Scene, start: string): boolean =>
  grouped || [...cards.values()].some(({ id, isStart }) => isStart && start.includes(id));

/** Show all of it, or what is around the start where all would be too small to read. */
function fit(flow: ReturnType<typeof useReactFlow>, nodes: readonly (CardNode | StackNode)[], start: string): void {
  const bounds = flow.getNodesBounds([...nodes]);
  const pane = document.querySelector(".canvas")!.getBoundingClientRect();
  const whole = Math.min(pane.width / (bounds.width + 80), pane.height / (bounds.height + 80), 1);
  const middle = nodes.find(({ id }) => start.startsWith(id))?.position;
  if (whole >= 0.45 || !middle)
    void flow.fitBounds(bounds, { padding: 0.08 }).then(() => flow.getZoom() > 1 && flow.zoomTo(1));
  else void flow.setCenter(middle.x + WIDTH / 2, middle.y + HEIGHT / 2, { zoom: 0.7 });
}

/** Brings a card into sight, and moves the picture no further than that takes. */
function useReveal(arranged: Arranged | null): (id: string) => void {
  const flow = useReactFlow();
  const store = useStoreApi();
  return (id) => {
    const place = arranged?.places.get(id);
    if (!place) return;
    const { transform, width, height } = store.getState();
    const [left, top, zoom] = transform;
    if (zoom < 0.35) return void flow.setCenter(place.x + WIDTH / 2, place.y + HEIGHT / 2, { zoom: 0.7 });
    const right = within(place.x * zoom + left, WIDTH * zoom, width);
    const down = within(place.y * zoom + top, HEIGHT * zoom, height);
    if (right || down) void flow.setViewport({ x: left + right, y: top + down, zoom });
  };
}

/** How far something must move to lie within a pane, with room for the buttons at its sides. */
function within(from: number, size: number, pane: number): number {
  const room = 24;
  return from < room ? room - from : Math.min(pane - room - size - from, 0);
}

/** Keeps what is selected in sight when the drawer opens beside the picture. */
function useSelectedInSight(reveal: (id: string) => void): void {
  const pane = useStore(({ width, height }) => `${width} ${height}`);
  const selected = useExplorer(({ view }) => view.selected);
  useEffect(() => selected.forEach(reveal), [selected, pane]);
}

/** Arrows go to the neighbour that lies there, Enter opens what is closed, Escape leaves. */
function useKeys(arranged: Arranged | null, reveal: (id: string) => void): (event: KeyboardEvent) => void {
  const go = (event: KeyboardEvent, key: Arrow) => {
    const { at, view, moveTo } = useExplorer.getState();
    const from = at ?? view.start[0];
    const id = arranged && from !== undefined ? next(arranged.scene, arranged.places, from, key) : null;
    if (id === null) return;
    event.preventDefault();
    reveal(id);
    moveTo(id);
  };

  return (event) => {
    const explorer = useExplorer.getState();
    const isOnCard = (event.target as Element).matches(".face[data-arn]");
    if (isArrow(event.key)) return go(event, event.key);
    if (event.key === "Escape") return leave(event.target as HTMLElement);
    if (!isOnCard || explorer.at === null) return;
    const card = arranged?.scene.cards.get(explorer.at);
    if (event.key === " ") explorer.go({ selected: [explorer.at] });
    else if (event.key === "Enter" && card) toggle(card.id, card.sides);
    else if (event.key === "s") explorer.start(explorer.at);
    else return;
    event.preventDefault();
  };
}

/** Open what is closed of a card's sides or, where nothing is, close them. */
function toggle(arn: string, sides: Card["sides"]): void {
  const { open, close } = useExplorer.getState();
  const closed = SIDES.filter((side) => !sides[side].open && (sides[side].hidden || sides[side].unknown));
  if (closed.length) for (const side of closed) open(arn, side);
  else for (const side of SIDES.filter((side) => sides[side].open)) close(arn, side);
}

/** Close the drawer or, where there is none, leave the canvas. */
function leave(from: HTMLElement): void {
  const { go, light, view } = useExplorer.getState();
  light(null);
  if (view.selected.length) go({ selected: [] });
  else from.blur();
}
