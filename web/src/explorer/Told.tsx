// What the user should know of the picture: that it is loading, in part, cut short or not to be had, and why.

import type { Scene } from "./scene";

export function Told(_: { scene: Scene }) {
  return null;
}
