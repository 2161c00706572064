// The layout worker: Graphviz, compiled to WebAssembly, ranks and orders the cards so that few edges cross.

import { instance } from "@viz-js/viz";

export interface LayoutRequest {
  readonly id: number;
  readonly boxes: readonly { readonly width: number; readonly height: number }[];
  /** Pairs of indexes into `boxes`, from left to right. */
  readonly links: readonly (readonly [from: number, to: number])[];
}

export interface LayoutResult {
  readonly id: number;
  /** The upper left corners of the boxes; null if Graphviz failed. */
  readonly corners: readonly (readonly [x: number, y: number])[] | null;
}

const POINTS_PER_INCH = 72;
/** Limits Graphviz's network simplex to this number times that of the cards; more rarely improves the layout. */
const EFFORT = "4";
let viz = instance();

onmessage = async ({ data }: MessageEvent<LayoutRequest>) => {
  let corners: LayoutResult["corners"] = null;
  try {
    corners = await laidOut(data);
  } catch {
    // An instance that has overflowed its stack, as long links make it do, is in an undefined state: replace it.
    viz = instance();
  }
  postMessage({ id: data.id, corners } satisfies LayoutResult);
};

async function laidOut({ boxes, links }: LayoutRequest): Promise<NonNullable<LayoutResult["corners"]>> {
  const { objects = [] } = (await viz).renderJSON({
    directed: true,
    // Only the positions of cards are needed; the canvas draws the edges.
    graphAttributes: {
      rankdir: "LR",
      splines: "false",
      nodesep: 18 / POINTS_PER_INCH,
      ranksep: 96 / POINTS_PER_INCH,
      nslimit: EFFORT,
      nslimit1: EFFORT,
    },
    nodeAttributes: { shape: "box", fixedsize: "true", label: "" },
    // Numbers as names, so that no text of the account is parsed by Graphviz.
    nodes: boxes.map(({ width, height }, index) => ({
      name: String(index),
      attributes: { width: width / POINTS_PER_INCH, height: height / POINTS_PER_INCH },
    })),
    edges: links.map(([from, to]) => ({ tail: String(from), head: String(to) })),
  }) as { objects?: { name: string; pos: string }[] };
  const corners: [number, number][] = boxes.map(() => [0, 0]);
  for (const { name, pos } of objects) {
    const box = boxes[Number(name)]!;
    const [x = 0, y = 0] = pos.split(",").map(Number);
    // Graphviz's y grows upwards.
    corners[Number(name)] = [x - box.width / 2, -y - box.height / 2];
  }
  return corners;
}
