// Graphviz, compiled to WebAssembly, in a thread of its own: ranks and orders cards so that few edges cross.

import { instance } from "@viz-js/viz";

export interface Drawing {
  readonly id: number;
  readonly boxes: readonly { readonly width: number; readonly height: number }[];
  /** Pairs of indexes into boxes, from left to right. */
  readonly links: readonly (readonly [from: number, to: number])[];
}

export interface Drawn {
  readonly id: number;
  /** The boxes' upper left corners, in their order; null where Graphviz failed. */
  readonly corners: readonly (readonly [x: number, y: number])[] | null;
}

const POINTS_PER_INCH = 72;
/** Times the number of cards that Graphviz may move things to shorten links; more shows in few pictures only. */
const EFFORT = "4";
let viz = instance();

onmessage = async ({ data }: MessageEvent<Drawing>) => {
  let corners: Drawn["corners"] = null;
  try {
    corners = await drawn(data);
  } catch {
    // One that ran out of its stack, as on links that reach far, is left in the middle of its work.
    viz = instance();
  }
  postMessage({ id: data.id, corners } satisfies Drawn);
};

async function drawn({ boxes, links }: Drawing): Promise<NonNullable<Drawn["corners"]>> {
  const { objects = [] } = (await viz).renderJSON({
    directed: true,
    // Only where cards lie is wanted of it; the canvas draws the edges.
    graphAttributes: {
      rankdir: "LR",
      splines: "false",
      nodesep: 18 / POINTS_PER_INCH,
      ranksep: 96 / POINTS_PER_INCH,
      nslimit: EFFORT,
      nslimit1: EFFORT,
    },
    nodeAttributes: { shape: "box", fixedsize: "true", label: "" },
    // Numbers, not names: no text of an account's reaches Graphviz.
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
