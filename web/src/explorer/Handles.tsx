// Where links meet a card. The canvas looks for these in the page once a card is mounted.

import { Handle, Position } from "@xyflow/react";

export function Handles() {
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} className="end" />
      <Handle type="source" position={Position.Right} isConnectable={false} className="end" />
    </>
  );
}
