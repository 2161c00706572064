// What is selected, with all that the gateway tells of it.

import type { Scene } from "./scene";

export function Drawer(_: { scene: Scene }) {
  return null;
}
