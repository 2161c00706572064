// An edge on the canvas, with a label if it is highlighted, selected, or passes over hidden vertices.

import { BaseEdge, type Edge as FlowEdge, EdgeLabelRenderer, type EdgeProps, getBezierPath } from "@xyflow/react";
import { memo } from "react";
import { useExplorer } from "./store";
import { ASSOCIATIONS } from "./names";
import type { Link } from "./scene";

/** `gap` is the space between the link's end and the destination card. */
export type LinkEdge = FlowEdge<{ link: Link; gap: number }, "link">;

export const LinkLine = memo(function LinkLine(props: EdgeProps<LinkEdge>) {
  const { link, gap } = props.data!;
  const [path] = getBezierPath({ ...props, targetX: props.targetX - gap });
  const [, x, middle] = getBezierPath(props);
  const y = isTight(props) ? Math.min(props.sourceY, props.targetY) - CLEAR : middle;
  const shade = useExplorer(({ lit }) => (lit === null ? "" : lit.has(link.id) ? "lit" : "dim"));
  const isSelected = useExplorer(
    ({ view: { selected } }) => selected[0] === link.source && selected[1] === link.destination,
  );
  const hidden = link.edge?.hiddenHops ?? 0;
  const label = labelOf(link, shade === "lit" || isSelected);
  const className = `link ${shade} ${isSelected ? "selected" : ""} ${hidden ? "hidden-hops" : ""}`;
  return (
    <>
      <BaseEdge path={path} className={className} markerEnd={props.markerEnd ?? ""} interactionWidth={14} />
      {label && (
        <EdgeLabelRenderer>
          <span
            className={`link-label ${shade}`}
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
          >
            {label}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
});

/** Half the height of a label plus half that of a button at a card's side, and some space between them. */
const CLEAR = 20;
/** Between cards closer than this, labels may overlap those buttons. */
const NARROW = 140;

/** Whether a label in the middle of an edge would overlap the buttons at its ends. */
const isTight = ({ sourceX, sourceY, targetX, targetY }: EdgeProps): boolean =>
  Math.abs(targetX - sourceX) < NARROW && Math.abs(targetY - sourceY) < 2 * CLEAR;

/** The label of a link, with more in it if the link is highlighted or selected. */
export function labelOf({ edge, count }: Link, isNear: boolean): string {
  if (edge?.hiddenHops) return `${edge.hiddenHops} hidden`;
  if (edge === null) return count > 1 && isNear ? `${count.toLocaleString("en")} edges` : "";
  return isNear && edge.associationType ? ASSOCIATIONS[edge.associationType] : "";
}
