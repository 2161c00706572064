// Draws a whole scene as a standalone SVG document, with the page's current colours.

import { Position, getBezierPath } from "@xyflow/react";
import type { LineageType } from "../generated/graphql";
import { labelOf } from "./LinkLine";
import type { Title } from "./store";
import { type Graph, type Side, SIDES } from "./graph";
import { type Arranged, HEIGHT, type Places, type Point, WIDTH } from "./layout/arrange";
import { truncated, xmlText } from "./text";
import { KINDS, nameOf, nameOfStack, typeOf } from "./names";
import type { Card, Link, Stack } from "./scene";
import { MISSING, iconKey, iconsOf } from "./icons";

export interface Picture {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

const NAMESPACE = "http://www.w3.org/2000/svg";
const FONT = "system-ui, sans-serif";
const MARGIN = 32;
const ICON = 20;
/** The horizontal offset of a card's text. */
const TEXT = 48;
const TEXT_WIDTH = WIDTH - TEXT - 10;
/** The coloured left border of a card, which follows its rounded corners. */
const EDGE = `M8 0a8 8 0 0 0-8 8v${HEIGHT - 16}a8 8 0 0 0 8 8a4 8 0 0 1-4-8v${16 - HEIGHT}a4 8 0 0 1 4-8z`;

const COLOURS = ["ground", "surface", "raised", "line", "text", "quiet", "warn", "link"] as const;
const LINEAGE_TYPES = Object.keys(KINDS) as LineageType[];
const colourOf = (kind: LineageType) => kind.toLowerCase() as Lowercase<LineageType>;
type Colours = Readonly<Record<(typeof COLOURS)[number] | Lowercase<LineageType>, string>>;

/** The picture's colours, and the ids of its icons by `iconKey`. */
interface Style {
  readonly colours: Colours;
  readonly ids: ReadonlyMap<string, string>;
}

/** Draw a scene at the given places, by default in the page's current colours. */
export function picture(
  { scene, places }: Arranged,
  graph: Graph,
  titles: ReadonlyMap<string, Title>,
  colours = currentColours(),
): Picture {
  const cards = [...scene.cards.values()];
  const shapes = iconsOf(cards.map(({ vertex }) => vertex));
  const style = {
    colours,
    ids: new Map([...shapes.keys()].map((key, at) => [key, `icon-${at}`])),
  };
  const place = (id: string, parts: Element[]) => {
    const { x, y } = places.get(id)!;
    return element("g", { transform: `translate(${x} ${y})` }, parts);
  };
  const { x, y, width, height } = bounds(places);
  const viewBox = [x, y, width, height].join(" ");
  const whole = element("svg", { viewBox, width, height, "font-family": FONT, "font-size": 14 }, [
    definitions(shapes, style),
    element("rect", { x, y, width, height, fill: style.colours.ground }),
    ...scene.links.map((link) => drawLink(link, places, style)),
    ...cards.map((card) => place(card.id, drawCard(card, nameOf(card.id, titles.get(card.id)), style))),
    ...[...scene.stacks.values()].map((stack) => place(stack.id, drawStack(stack, graph, style))),
  ]);
  return { svg: new XMLSerializer().serializeToString(whole), width, height };
}

function bounds(places: Places): Point & { readonly width: number; readonly height: number } {
  const least = (of: (at: Point) => number) =>
    [...places.values()].reduce((min, at) => Math.min(min, of(at)), Infinity);
  const [x, y] = [least((at) => at.x) - MARGIN, least((at) => at.y) - MARGIN];
  const [right, bottom] = [WIDTH + MARGIN - least((at) => -at.x), HEIGHT + MARGIN - least((at) => -at.y)];
  return { x, y, width: right - x, height: bottom - y };
}

/** The arrowhead, and a symbol for each icon. */
function definitions(shapes: ReadonlyMap<string, Element>, { colours, ids }: Style): Element {
  const arrow = element(
    "marker",
    { id: "arrow", viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto" },
    [element("path", { d: "M0 0 10 5 0 10z", fill: colours.link })],
  );
  const symbols = [...shapes].map(([key, shape]) => {
    const symbol = element("symbol", { id: ids.get(key)!, viewBox: "0 0 24 24" });
    for (const name of ["fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin"]) {
      symbol.setAttribute(name, shape.getAttribute(name) ?? "");
    }
    symbol.append(...shape.children);
    return symbol;
  });
  return element("defs", {}, [arrow, ...symbols]);
}

function drawLink(link: Link, places: Places, { colours }: Style): Element {
  const [from, to] = [places.get(link.source)!, places.get(link.destination)!];
  const [d, x, y] = getBezierPath({
    sourceX: from.x + WIDTH,
    sourceY: from.y + HEIGHT / 2,
    sourcePosition: Position.Right,
    targetX: to.x,
    targetY: to.y + HEIGHT / 2,
    targetPosition: Position.Left,
  });
  const dashes = link.edge?.hiddenHops ? { "stroke-dasharray": "6 4" } : {};
  const stroke = {
    class: "link",
    fill: "none",
    stroke: colours.link,
    "stroke-width": 1.5,
    "marker-end": "url(#arrow)",
  };
  const label = labelOf(link, false);
  const halo = { stroke: colours.ground, "stroke-width": 6, "paint-order": "stroke", "text-anchor": "middle" };
  return element("g", {}, [
    element("path", { d, ...stroke, ...dashes }),
    ...(label ? [text(label, { x, y: y + 4, fill: colours.quiet, "font-size": 11, ...halo })] : []),
  ]);
}

function drawCard({ id, vertex, sides, isStart }: Card, name: string, style: Style): Element[] {
  const { colours } = style;
  const kind = colours[colourOf(vertex.lineageType)];
  const type = typeOf(vertex) + (vertex.type ? ` · ${KINDS[vertex.lineageType]}` : "");
  return [
    tooltip(`${name}\n${type}\n${id}`),
    element("rect", {
      width: WIDTH,
      height: HEIGHT,
      rx: 8,
      fill: colours.surface,
      stroke: isStart ? kind : colours.line,
      "stroke-width": isStart ? 3 : 1,
    }),
    element("path", { d: EDGE, fill: kind }),
    icon(style, iconKey(vertex), { x: 16, y: (HEIGHT - ICON) / 2, width: ICON, height: ICON, color: kind }),
    text(truncated(name, TEXT_WIDTH, measured("600 14px")), { x: TEXT, y: 28, fill: colours.text, "font-weight": 600 }),
    text(truncated(type, TEXT_WIDTH, measured("11px")), { x: TEXT, y: 46, fill: colours.quiet, "font-size": 11 }),
    ...SIDES.flatMap((side) => drawSide(side, sides[side], style)),
  ];
}

/** The badge at a side, with the number of hidden neighbours and a warning if some are missing. */
function drawSide(side: Side, { hidden, missing }: Card["sides"][Side], style: Style): Element[] {
  const { colours } = style;
  if (!hidden && !missing) return [];
  const label = hidden ? `+${hidden.toLocaleString("en")}` : "";
  const width = 12 + (missing ? 14 : 0) + measured("11px")(label);
  const [x, y] = [side === "up" ? 8 - width : WIDTH - 8, HEIGHT / 2];
  const colour = missing ? colours.warn : colours.text;
  return [
    element("rect", {
      x,
      y: y - 10,
      width,
      height: 20,
      rx: 10,
      fill: colours.raised,
      stroke: missing ? colour : colours.line,
    }),
    ...(missing ? [icon(style, MISSING, { x: x + 6, y: y - 6, width: 12, height: 12, color: colour })] : []),
    ...(label ? [text(label, { x: x + 6 + (missing ? 14 : 0), y: y + 4, fill: colour, "font-size": 11 })] : []),
  ];
}

function drawStack(stack: Stack, graph: Graph, { colours }: Style): Element[] {
  const first = graph.vertices.get(stack.members[0]!);
  const name = nameOfStack(stack, first);
  const kind = stack.of === null && first ? colours[colourOf(first.lineageType)] : colours.quiet;
  const card = { width: WIDTH, height: HEIGHT, rx: 8, fill: colours.surface, stroke: colours.line };
  return [
    tooltip(name),
    element("rect", { ...card, x: 4, y: 4 }),
    element("rect", card),
    element("path", { d: EDGE, fill: kind }),
    text(truncated(name, WIDTH - 34, measured("600 14px")), { x: 16, y: 37, fill: colours.text, "font-weight": 600 }),
  ];
}

type Attributes = Readonly<Record<string, string | number>>;

function element(name: string, attributes: Attributes, children: readonly Element[] = []): Element {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

function text(words: string, attributes: Attributes): Element {
  // As in the page's `bdi`: a name in a right-to-left script ends, and is cut, on the left.
  const made = element("text", { "unicode-bidi": "plaintext", ...attributes });
  made.textContent = xmlText(words);
  return made;
}

/** A `title` element, which viewers show under the pointer and screen readers read. */
function tooltip(words: string): Element {
  const made = element("title", {});
  made.textContent = xmlText(words);
  return made;
}

const icon = ({ ids }: Style, key: string, attributes: Attributes): Element =>
  element("use", { href: `#${ids.get(key)!}`, ...attributes });

const measuring = document.createElement("canvas").getContext("2d")!;

/** Measures the width of texts in a font. */
const measured =
  (font: string) =>
  (words: string): number => {
    measuring.font = `${font} ${FONT}`;
    return measuring.measureText(words).width;
  };

const coloursBy = (value: (name: string) => string): Colours =>
  Object.fromEntries([...COLOURS, ...LINEAGE_TYPES.map(colourOf)].map((name) => [name, value(name)])) as Colours;

/** The style sheet's variables, for a picture in the page: its colours change with the medium, as on paper. */
export const VARIABLES = coloursBy((name) => `var(--${name})`);

function currentColours(): Colours {
  const probe = document.body.appendChild(document.createElement("i"));
  // In forced-colors mode, every computed colour would otherwise be the system's text colour.
  probe.style.setProperty("forced-color-adjust", "none");
  const colours = coloursBy((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return colours;
}
