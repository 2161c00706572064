// The picture and its data as files, and as the query that asks for them.

import type { Scene } from "./scene";

export function TakeAway(_: { scene: Scene }) {
  return null;
}
