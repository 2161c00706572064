// What is highlighted when the pointer or the keyboard is on a card.

import { append } from "./graph";
import type { Link, Scene } from "./scene";

/** The ids of a card, of everything in the scene upstream and downstream of it, and of the links between. */
export function lineageOf({ links }: Scene, id: string): Set<string> {
  const up = spread(links, id, ({ source, destination }) => [destination, source]);
  const down = spread(links, id, ({ source, destination }) => [source, destination]);
  return new Set([...up, ...down]);
}

function spread(links: readonly Link[], id: string, step: (link: Link) => [from: string, to: string]): Set<string> {
  const onward = new Map<string, Link[]>();
  for (const link of links) append(onward, step(link)[0], link);
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
