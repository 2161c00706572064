// The handles of a card, where its links end; React Flow looks them up in the DOM once a card is mounted.

import { Handle, Position } from "@xyflow/react";

export function Handles() {
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} className="end" />
      <Handle type="source" position={Position.Right} isConnectable={false} className="end" />
    </>
  );
}
