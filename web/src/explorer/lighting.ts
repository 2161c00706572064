// The whole way up and down from a card.

import type { Link, Scene } from "./scene";

/** Everything that is drawn of what a card came from and of what came from it, with the card itself. */
export function wayThrough({ links }: Scene, id: string): Set<string> {
  const way = new Set([id]);
  spread(links, id, way, ({ source, destination }) => [destination, source]);
  spread(links, id, way, ({ source, destination }) => [source, destination]);
  return way;
}

function spread(
  links: readonly Link[],
  id: string,
  way: Set<string>,
  step: (link: Link) => [from: string, to: string],
): void {
  const onward = new Map<string, string[]>();
  for (const link of links) {
    const [from, to] = step(link);
    const known = onward.get(from);
    if (known) known.push(to);
    else onward.set(from, [to]);
  }
  const seen = new Set([id]);
  for (const at of seen) {
    for (const to of onward.get(at) ?? []) seen.add(to);
  }
  for (const at of seen) way.add(at);
}
