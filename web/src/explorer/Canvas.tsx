// The canvas: the laid-out scene, with pan, zoom and keyboard navigation.

import "@xyflow/react/dist/base.css";
import {
  ControlButton,
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
import { Maximize } from "lucide-react";
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useMemo, useRef } from "react";
import { type CardNode, VertexCard, reachOf } from "./VertexCard";
import { LowDetail, cardAt } from "./LowDetail";
import { LinkLine, type LinkEdge } from "./LinkLine";
import { PrintedPicture } from "./PrintedPicture";
import { StackCard, type StackNode } from "./StackCard";
import { useExplorer } from "./store";
import { type Arranged, HEIGHT, type Places, type Point, WIDTH, arrange } from "./layout/arrange";
import { lineageOf } from "./highlight";
import { type Arrow, isArrow, isCommand, neighboursOf, next } from "./keyboard";
import { SIDES, type Side } from "./graph";
import { choose, isPicking } from "./picking";
import type { Card, Scene } from "./scene";
import { type View, sideKey } from "./view";

const NODES = { card: VertexCard, stack: StackCard };
const EDGES = { link: LinkLine };
/** Below this zoom, texts are hard to read. */
const MIN_READABLE_ZOOM = 0.5;
/** Scenes of more cards than this are drawn in low detail below that zoom. */
const LOW_DETAIL_OVER = 150;
const MARKER = { type: MarkerType.ArrowClosed, width: 16, height: 16 };
const HANDLES = [
  { type: "target" as const, position: Position.Left, x: 0, y: HEIGHT / 2, width: 1, height: 1 },
  { type: "source" as const, position: Position.Right, x: WIDTH - 1, y: HEIGHT / 2, width: 1, height: 1 },
];

/** The canvas's state when it was last unmounted, as for the table. */
let lastSeen = { fitted: "", viewport: { x: 0, y: 0, zoom: 1 }, shownPaths: [] as readonly string[] };

export function Canvas({ scene }: { scene: Scene }) {
  return (
    <ReactFlowProvider>
      <Flow scene={scene} />
    </ReactFlowProvider>
  );
}

/** Identifies the start and the filter of a view. */
const subjectOf = ({ start, filter }: View): string => JSON.stringify([start, filter]);

/**
 * Lays scenes out one at a time, and skips those that are superseded meanwhile. Until the view of a subject is fitted,
 * cards keep their places from the previous subject, but not those from earlier parts of the walk, which would cross.
 */
function useLayout(scene: Scene, fitted: RefObject<string>): void {
  const previous = useRef<{ subject: string; places: Places }>({ subject: "", places: new Map() });
  const wanted = useRef<Scene | null>(scene);
  const isBusy = useRef(false);
  useEffect(() => {
    wanted.current = scene;
    if (isBusy.current) return;
    const layOut = async () => {
      isBusy.current = true;
      for (let done: Scene | null = null; wanted.current !== null && done !== wanted.current;) {
        done = wanted.current;
        const { anchor, arranged, view } = useExplorer.getState();
        const [subject, now] = [subjectOf(view), arranged?.places ?? new Map()];
        if (previous.current.subject !== subject) previous.current = { subject, places: now };
        const before = fitted.current.startsWith(subject) ? now : previous.current.places;
        const places = await arrange(done, before, anchor ?? view.start[0]);
        if (wanted.current !== null) useExplorer.setState({ arranged: { scene: done, places } });
      }
      isBusy.current = false;
    };
    void layOut();
  }, [scene, fitted]);
  useEffect(
    () => () => {
      wanted.current = null;
    },
    [],
  );
}

function useNodes(arranged: { scene: Scene; places: Places } | null): SceneNode[] {
  const before = useRef<ReadonlyMap<string, SceneNode>>(new Map());
  return useMemo(() => {
    const nodes = arranged ? nodesOf(arranged.scene, arranged.places, before.current) : [];
    before.current = new Map(nodes.map((node) => [node.id, node]));
    return nodes;
  }, [arranged]);
}

function Flow({ scene: wanted }: { scene: Scene }) {
  const arranged = useExplorer((state) => state.arranged);
  const flow = useReactFlow();
  const subject = useExplorer(({ view }) => subjectOf(view));
  const scope = useExplorer(({ view }) => `${subject} ${JSON.stringify(view.depth)}`);
  const isWalking = useExplorer(({ progress }) => progress !== null);
  const isBack = useRef(arranged !== null && lastSeen.fitted.startsWith(subject)).current;
  const fitted = useRef(isBack ? lastSeen.fitted : "");
  useLayout(wanted, fitted);
  const shownPaths = useRef(isBack ? lastSeen.shownPaths : []);
  useEffect(() => {
    return () => {
      lastSeen = { fitted: fitted.current, viewport: flow.getViewport(), shownPaths: shownPaths.current };
    };
  }, [flow]);
  const { go, light } = useExplorer.getState();
  // Screen readers would read each edge as an image named by two ARNs; the drawer lists in words what is linked.
  useEffect(() => document.querySelector(".react-flow__edges")!.setAttribute("aria-hidden", "true"), []);

  const nodes = useNodes(arranged);
  const isSmall = useStore(({ transform }) => transform[2] < MIN_READABLE_ZOOM);
  const isLowDetail = isSmall && nodes.length > LOW_DETAIL_OVER;
  const edges = useMemo(() => (arranged ? edgesOf(arranged.scene) : []), [arranged]);

  const onPaths = useExplorer((state) => state.onPaths);
  const pathNodes = useMemo(() => {
    const arns = new Set(onPaths);
    return nodes.filter(({ id }) => arns.has(id));
  }, [nodes, onPaths]);

  // For a new start, filter or depth, fit the view after each layout until the walk has ended or the user moves it.
  const isWhole = !isWalking && arranged?.scene === wanted;
  useEffect(() => {
    if (!nodes.length || fitted.current === scope) return;
    const isDeeper = fitted.current.startsWith(subject);
    if (isWhole) fitted.current = scope;
    if (pathNodes.length && !isDeeper) void showAll(flow, pathNodes);
    else fit(flow, nodes, isDeeper);
  }, [nodes, pathNodes, flow, subject, scope, isWhole]);

  const keepView = () => {
    fitted.current = scope;
  };
  const fitAll = () => {
    keepView();
    void showAll(flow, nodes);
  };

  // Fit the view to paths once they are found.
  useEffect(() => {
    if (shownPaths.current === onPaths || !arranged || !onPaths.every((arn) => arranged.scene.cards.has(arn))) return;
    shownPaths.current = onPaths;
    if (pathNodes.length) void showAll(flow, pathNodes);
  }, [arranged, pathNodes, flow, onPaths]);

  const traced = useRef<string | null>(null);
  const trace = useCallback(
    (id: string | null) => {
      traced.current = id;
      light(id === null || !arranged ? null : lineageOf(arranged.scene, id));
    },
    [arranged, light],
  );
  // A removed card fires no mouseleave or blur; and paths found since have replaced the highlight.
  useEffect(() => {
    const id = traced.current;
    const { lit, litByDefault } = useExplorer.getState();
    if (id !== null && arranged) trace(arranged.places.has(id) && lit !== litByDefault ? id : null);
  }, [arranged, trace]);
  useEffect(() => () => light(null), [light]);
  // Without this, no card would be in the tab order after that one is removed.
  useEffect(() => {
    const { focused } = useExplorer.getState();
    if (focused !== null && arranged && !arranged.scene.cards.has(focused)) useExplorer.setState({ focused: null });
  }, [arranged]);
  const reveal = useReveal(arranged);
  const keys = useKeys(arranged, reveal);
  useSelectedInSight(arranged, reveal);
  useOpenedInSight(arranged, reveal);

  return (
    <>
      <div
        className="canvas"
        role="application"
        aria-label="Lineage graph: arrows go to neighbours, with Shift they open a side, Enter opens both, Space selects, Escape leaves"
        onKeyDown={keys}
        onFocus={() => trace(focusedCard())}
        onBlur={() => trace(null)}
      >
        <ReactFlow
          nodes={isLowDetail ? [] : nodes}
          edges={isLowDetail ? [] : edges}
          nodeTypes={NODES}
          edgeTypes={EDGES}
          defaultViewport={lastSeen.viewport}
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
          defaultMarkerColor={null}
          onNodeMouseEnter={(_, { id }) => trace(id)}
          onNodeMouseLeave={() => trace(focusedCard())}
          onEdgeClick={(_, { data }) => data?.link.edge && go({ selected: [data.link.source, data.link.destination] })}
          onMoveStart={(event) => event && keepView()}
          onPaneClick={({ clientX, clientY }) => {
            const place =
              isLowDetail &&
              arranged?.places.get(
                cardAt(arranged.places, flow.screenToFlowPosition({ x: clientX, y: clientY })) ?? "",
              );
            if (place) void flow.setCenter(place.x + WIDTH / 2, place.y + HEIGHT / 2, { zoom: 0.8 });
            else go({ selected: [] });
          }}
        >
          {isLowDetail && arranged && <LowDetail {...arranged} />}
          {/* React Flow's own button would only fit the rendered cards, and again whenever others are rendered. */}
          <Controls showInteractive={false} showFitView={false} onZoomIn={keepView} onZoomOut={keepView}>
            <ControlButton title="Fit View" aria-label="Fit View" onClick={fitAll}>
              <Maximize aria-hidden />
            </ControlButton>
          </Controls>
          {nodes.length > 60 && !isLowDetail && (
            <MiniMap pannable zoomable nodeClassName={(node) => `mini ${node.className ?? ""}`} ariaLabel="Overview" />
          )}
        </ReactFlow>
      </div>
      {arranged && <PrintedPicture arranged={arranged} />}
    </>
  );
}

/** The card that has the focus by keyboard, not by a click. */
function focusedCard(): string | null {
  return document.querySelector<HTMLElement>(".face[data-arn]:focus-visible")?.dataset["arn"] ?? null;
}

type SceneNode = CardNode | StackNode;

/** The scene's nodes; unchanged ones keep their identity, so that they are not rendered again. */
function nodesOf({ cards, stacks }: Scene, places: Places, before: ReadonlyMap<string, SceneNode>): SceneNode[] {
  const common = (id: string) => ({
    id,
    position: places.get(id) ?? { x: 0, y: 0 },
    width: WIDTH,
    height: HEIGHT,
    handles: HANDLES,
  });
  const nodes: SceneNode[] = [
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
  return nodes.map((node) => {
    const was = before.get(node.id);
    return was && isSame(was, node) ? was : node;
  });
}

const isSame = (one: SceneNode, two: SceneNode): boolean =>
  one.position.x === two.position.x &&
  one.position.y === two.position.y &&
  JSON.stringify(one.data) === JSON.stringify(two.data);

const edgesOf = ({ cards, links }: Scene): LinkEdge[] =>
  links.map((link) => ({
    id: link.id,
    type: "link",
    source: link.source,
    target: link.destination,
    markerEnd: MARKER,
    data: { link, gap: reachOf(cards.get(link.destination)?.sides.up) },
  }));

type FlowInstance = ReturnType<typeof useReactFlow>;

/** The rectangle around nodes; React Flow itself has none in low detail, and so no bounds of any. */
function boundsOf(nodes: readonly SceneNode[]) {
  const least = (of: (at: Point) => number) =>
    nodes.reduce((min, { position }) => Math.min(min, of(position)), Infinity);
  const [x, y] = [least((at) => at.x), least((at) => at.y)];
  return { x, y, width: WIDTH - least((at) => -at.x) - x, height: HEIGHT - least((at) => -at.y) - y };
}

/** Fit the view to nodes, at a zoom of at most 1. */
async function showAll(flow: FlowInstance, nodes: readonly SceneNode[]): Promise<void> {
  await flow.fitBounds(boundsOf(nodes), { padding: 0.08 });
  if (flow.getZoom() > 1) await flow.zoomTo(1);
}

/**
 * Fit the view to all nodes, or to the surroundings of the selection or the start if all would be too small to read;
 * then the view stays where it is if only the depth has changed.
 */
function fit(flow: FlowInstance, nodes: readonly SceneNode[], isDeeper: boolean): void {
  const bounds = boundsOf(nodes);
  const pane = document.querySelector(".canvas")!.getBoundingClientRect();
  const whole = Math.min(pane.width / (bounds.width + 80), pane.height / (bounds.height + 80), 1);
  const { view } = useExplorer.getState();
  const [selected] = view.compared ?? view.selected;
  const middle = (nodes.find(({ id }) => id === selected) ?? nodes.find(isMiddle))?.position;
  if (whole >= 0.45 || !middle) return void showAll(flow, nodes);
  if (isDeeper) return;
  const zoom = 0.7;
  const x = middleOf(middle.x + WIDTH / 2, bounds.x, bounds.width, pane.width / zoom);
  const y = middleOf(middle.y + HEIGHT / 2, bounds.y, bounds.height, pane.height / zoom);
  void flow.setCenter(x, y, { zoom });
}

/** The middle of a pane: as near to `wanted` as possible without showing more than 40 units beyond what is drawn. */
function middleOf(wanted: number, from: number, size: number, pane: number): number {
  const half = Math.min(pane, size + 80) / 2;
  return Math.max(from - 40 + half, Math.min(wanted, from + size + 40 - half));
}

const isMiddle = ({ data }: SceneNode): boolean =>
  "card" in data ? data.card.isStart : data.stack.of === null && data.stack.distance === 0;

/** Scrolls a card into view, as little as needed. */
function useReveal(arranged: Arranged | null): (id: string) => void {
  const flow = useReactFlow();
  const store = useStoreApi();
  return (id) => {
    const place = arranged?.places.get(id);
    if (!place) return;
    const { transform, width, height } = store.getState();
    const [left, top, zoom] = transform;
    const right = within(place.x * zoom + left, WIDTH * zoom, width);
    const down = within(place.y * zoom + top, HEIGHT * zoom, height);
    if (right || down) void flow.setViewport({ x: left + right, y: top + down, zoom });
  };
}

/** How far something must move to lie within a pane, with room for the buttons at the card's sides. */
function within(from: number, size: number, pane: number): number {
  const room = 24;
  return from < room ? room - from : Math.min(pane - room - size - from, 0);
}

/** Scrolls the selection into view when it is first laid out, and when the drawer narrows the canvas. */
function useSelectedInSight(arranged: Arranged | null, reveal: (id: string) => void): void {
  const pane = useStore(({ width, height }) => `${width} ${height}`);
  const selected = useExplorer(({ view }) => view.compared ?? view.selected);
  const drawn = selected.filter((arn) => arranged?.places.has(arn)).length;
  useEffect(() => selected.forEach(reveal), [selected, pane, drawn]);
}

/** Scrolls what the user opens into view, as far as the card stays in view whose side was opened. */
function useOpenedInSight(arranged: Arranged | null, reveal: (id: string) => void): void {
  const before = useRef(arranged);
  useEffect(() => {
    const known = before.current?.places;
    before.current = arranged;
    const { anchor, view } = useExplorer.getState();
    if (!known || !arranged || anchor === null) return;
    const isOpened = SIDES.some((side) => view.opened.has(sideKey(side, anchor)));
    const added = neighboursOf(arranged.scene, anchor).filter((id) => isOpened && !known.has(id));
    if (added.length) [...added, anchor].forEach(reveal);
  }, [arranged]);
}

/** The canvas's keys, which its `aria-label` describes. */
function useKeys(arranged: Arranged | null, reveal: (id: string) => void): (event: KeyboardEvent) => void {
  const flow = useReactFlow();

  const show = (id: string) => {
    const place = arranged?.places.get(id);
    if (!place) return;
    if (flow.getZoom() >= MIN_READABLE_ZOOM) reveal(id);
    else void flow.setCenter(place.x + WIDTH / 2, place.y + HEIGHT / 2, { zoom: 0.7 });
  };

  const go = (event: KeyboardEvent, key: Arrow) => {
    const { focused, moveTo } = useExplorer.getState();
    const from = focused ?? [...(arranged?.scene.cards.values() ?? [])].find(({ isEntry }) => isEntry)?.id;
    const id = arranged && from !== undefined ? next(arranged.scene, arranged.places, from, key) : null;
    if (id === null) return;
    event.preventDefault();
    show(id);
    moveTo(id);
  };

  return (event) => {
    if (isCommand(event)) return;
    const explorer = useExplorer.getState();
    const isOnCard = (event.target as Element).matches(".face[data-arn]");
    if (isArrow(event.key) && !event.shiftKey) return go(event, event.key);
    if (event.key === "Escape") return leave(event.target as HTMLElement);
    if (!isOnCard || explorer.focused === null) return;
    const card = arranged?.scene.cards.get(explorer.focused);
    if (event.key === " " || (event.key === "Enter" && isPicking())) choose(explorer.focused);
    else if (event.key === "Enter" && card) toggleAll(card);
    else if (event.key === "ArrowLeft" && card) toggle(card, "up");
    else if (event.key === "ArrowRight" && card) toggle(card, "down");
    else if (event.key === "s") explorer.start(explorer.focused);
    else return;
    event.preventDefault();
  };
}

/** Open the closed sides of a card, or close both if none is closed. */
function toggleAll(card: Card): void {
  const closed = SIDES.filter((side) => canOpen(card, side));
  for (const side of closed.length ? closed : SIDES) toggle(card, side);
}

function toggle(card: Card, side: Side): void {
  const { open, close } = useExplorer.getState();
  if (canOpen(card, side)) open(card.id, side);
  else if (card.sides[side].open) close(card.id, side);
}

const canOpen = ({ sides }: Card, side: Side): boolean =>
  !sides[side].open && (sides[side].hidden > 0 || sides[side].unknown);

/** Close the drawer if it is open, else remove the focus from the canvas. */
function leave(from: HTMLElement): void {
  const { go, light, view } = useExplorer.getState();
  light(null);
  if (view.selected.length || view.compared) go({ selected: [] });
  else from.blur();
}
