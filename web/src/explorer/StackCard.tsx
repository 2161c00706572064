// A stack on the canvas: many siblings, or a group of a large scene, as one card.

import { type Node, type NodeProps } from "@xyflow/react";
import { Layers2, Plus, Search } from "lucide-react";
import { memo, useRef, useState } from "react";
import { Handles } from "./Handles";
import { StackList } from "./StackList";
import { useExplorer } from "./store";
import { nameOfStack } from "./names";
import { MORE, type Stack } from "./scene";

export type StackNode = Node<{ stack: Stack }, "stack">;

export const StackCard = memo(function StackCard({ data: { stack } }: NodeProps<StackNode>) {
  const [isListed, setListed] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const shade = useExplorer(({ lit }) => (lit === null ? "" : lit.has(stack.id) ? "lit" : "dim"));
  const { graph, more } = useExplorer.getState();
  const { of, members } = stack;
  const first = graph.vertices.get(members[0]!);
  const title = nameOfStack(stack, first);
  const close = () => {
    setListed(false);
    opener.current?.focus({ preventScroll: true });
  };
  const showMore = ({ arn, side }: NonNullable<Stack["of"]>) => {
    more(arn, side);
    // The last ones leave no stack, and so no button that could keep the focus.
    const card = document.querySelector<HTMLElement>(`.face[data-arn="${CSS.escape(arn)}"]`);
    if (members.length <= MORE) card?.focus({ preventScroll: true });
  };
  return (
    <div className={`card stack ${of === null && first ? first.lineageType.toLowerCase() : ""} ${shade}`}>
      <Handles />
      <div className="face" role="group" aria-label={title}>
        <Layers2 className="icon" aria-hidden size={20} />
        <span className="name">{title}</span>
        <span className="does">
          {of !== null && (
            <button type="button" onClick={() => showMore(of)}>
              <Plus size={12} aria-hidden /> {Math.min(MORE, members.length)} more
            </button>
          )}
          <button ref={opener} type="button" aria-expanded={isListed} onClick={() => setListed(!isListed)}>
            <Search size={12} aria-hidden /> search
          </button>
        </span>
      </div>
      {isListed && <StackList stack={stack} close={close} />}
    </div>
  );
});
