// The same vertices as a sortable table, by kind, with counts.

import type { Scene } from "./scene";

export function Table({ scene }: { scene: Scene }) {
  return <p>{scene.shown.size}</p>;
}
