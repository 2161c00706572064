// The whole way up and down from a card.

import { push } from "./graph";
import type { Link, Scene } from "./scene";

/** Everything that is drawn of what a card came from and of what came from it, with the card itself and the links. */
export function lineageOf({ links }: Scene, id: string): Set<string> {
  const up = spread(links, id, ({ source, destination }) => [destination, source]);
  const down = spread(links, id, ({ source, destination }) => [source, destination]);
  return new Set([...up, ...down]);
}

function spread(links: readonly Link[], id: string, step: (link: Link) => [from: string, to: string]): Set<string> {
  const onward = new Map<string, Link[]>();
  for (const link of links) push(onward, step(link)[0], link);
  const lit = new Set([id]);
  const reached = [id];
  for (const at of reached) {
    for (const link of onward.get(at) ?? []) {
      const to = step(link)[1];
      if (!lit.has(to)) reached.push(to);
      lit.add(to).add(link.id);
    }
  }
  return lit;
}
