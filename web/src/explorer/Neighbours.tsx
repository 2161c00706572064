// The neighbours of a vertex on one side, with their associations: how edges are selected by keyboard.

import { useState } from "react";
import { Icon } from "./Icon";
import { useExplorer } from "./store";
import { type Edge, type Side } from "./graph";
import { ASSOCIATIONS, nameOf, typeOf } from "./names";
import { useWanted } from "./wanted";

/** The number of listed neighbours until the user expands the list. */
export const FEW = 12;
export const HEADINGS: Record<Side, string> = { up: "Upstream", down: "Downstream" };

export function Neighbours({ arn, side }: { arn: string; side: Side }) {
  const [isWhole, setWhole] = useState(false);
  const graph = useExplorer((state) => state.graph);
  useExplorer((state) => state.revision);
  const all = graph.neighbours(arn, side);
  const listed = isWhole ? all : all.slice(0, FEW);
  useWanted("wantSides", [arn]);
  useWanted("wantTitles", listed);
  return (
    <section>
      <h3>
        {HEADINGS[side]} <span className="label">{all.length.toLocaleString("en")}</span>
      </h3>
      {all.length > 0 && (
        <ul className="neighbours">
          {listed.map((neighbour) => (
            <Neighbour key={neighbour} arn={neighbour} edge={graph.between(arn, side, neighbour)!} />
          ))}
        </ul>
      )}
      {all.length > FEW && (
        <button type="button" className="quiet" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? `the first ${FEW}` : `all ${all.length.toLocaleString("en")}`}
        </button>
      )}
      {!graph.isExplored(arn, side) && <p className="note">There may be more that are not loaded yet.</p>}
      {all.length === 0 && graph.isExplored(arn, side) && <p className="note">None.</p>}
    </section>
  );
}

function Neighbour({ arn, edge }: { arn: string; edge: Edge }) {
  const vertex = useExplorer(({ graph }) => graph.vertices.get(arn));
  const title = useExplorer(({ titles }) => titles.get(arn));
  const { go } = useExplorer.getState();
  if (!vertex) return null;
  return (
    <li className={vertex.lineageType.toLowerCase()}>
      <Icon lineageType={vertex.lineageType} type={vertex.type} />
      <button type="button" className="name" onClick={() => go({ selected: [arn] })}>
        <bdi>{nameOf(arn, title)}</bdi>
      </button>
      <span className="label">{typeOf(vertex)}</span>
      <button type="button" className="quiet" onClick={() => go({ selected: [edge.source, edge.destination] })}>
        {edgeInWords(edge)}
        <span className="unseen">{` (the association with ${nameOf(arn, title)})`}</span>
      </button>
    </li>
  );
}

export function edgeInWords({ associationType, hiddenHops }: Edge): string {
  if (hiddenHops) return `${hiddenHops} hidden between`;
  return associationType ? ASSOCIATIONS[associationType] : "associated";
}
