// The worker, as a function.

import type { Drawing, Drawn } from "./layout.worker";

let worker: Worker | null = null;
let count = 0;
const waiting = new Map<number, (drawn: Drawn) => void>();

function started(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module", name: "layout" });
  worker.onmessage = ({ data }: MessageEvent<Drawn>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  return worker;
}

/** Have Graphviz fetched and compiled before it is needed. */
export const warm = (): void => void started();

/** Lay boxes out from left to right; null where that failed. */
export function layOut(boxes: Drawing["boxes"], links: Drawing["links"]): Promise<Drawn["corners"]> {
  const id = ++count;
  const drawing: Drawing = { id, boxes, links };
  return new Promise((resolve) => {
    waiting.set(id, ({ corners }) => resolve(corners));
    started().postMessage(drawing);
  });
}
