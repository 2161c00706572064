// Calls the layout worker.

import type { LayoutRequest, LayoutResult } from "./layout.worker";

let worker: Worker | null = null;
let count = 0;
const pending = new Map<number, (result: LayoutResult) => void>();

function started(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module", name: "layout" });
  worker.onmessage = ({ data }: MessageEvent<LayoutResult>) => {
    pending.get(data.id)?.(data);
    pending.delete(data.id);
  };
  // Its script could not be loaded, as after an update of the gateway: do without, and try again for the next layout.
  worker.onerror = () => {
    worker = null;
    for (const [id, resolve] of pending) resolve({ id, corners: null });
    pending.clear();
  };
  return worker;
}

/** Start loading and compiling Graphviz before it is needed. */
export const warm = (): void => void started();

/** Lay boxes out from left to right; null if Graphviz failed. */
export function layOut(boxes: LayoutRequest["boxes"], links: LayoutRequest["links"]): Promise<LayoutResult["corners"]> {
  const id = ++count;
  const request: LayoutRequest = { id, boxes, links };
  return new Promise((resolve) => {
    pending.set(id, ({ corners }) => resolve(corners));
    started().postMessage(request);
  });
}
