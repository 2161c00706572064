// The sliders for the number of hops shown on each side of the start.

import { useEffect, useState } from "react";
import { HOPS_NOTE } from "./Filter";
import { useExplorer } from "./store";
import { type Side, SIDES } from "./graph";

/** The sliders' maximum; "+" and links go deeper. */
const SLIDER_MAX = 10;
const WORDS: Record<Side, string> = { up: "Upstream", down: "Downstream" };

export function Depth() {
  return (
    <div className="depth">
      {SIDES.map((side) => (
        <Slider key={side} side={side} />
      ))}
    </div>
  );
}

function Slider({ side }: { side: Side }) {
  const depth = useExplorer(({ view }) => view.depth);
  const go = useExplorer((state) => state.go);
  const [value, setValue] = useState(depth[side]);
  useEffect(() => setValue(depth[side]), [depth, side]);
  const settle = () => value !== depth[side] && go({ depth: { ...depth, [side]: value } });
  return (
    <label>
      {/* Not an <output>: as a labelable element it would take the label from the slider. */}
      <span>
        {WORDS[side]} {value}
      </span>
      <input
        type="range"
        min={0}
        max={Math.max(SLIDER_MAX, value)}
        value={value}
        aria-describedby={HOPS_NOTE}
        onChange={(event) => setValue(Number(event.target.value))}
        onPointerUp={settle}
        onKeyUp={settle}
        onBlur={settle}
      />
    </label>
  );
}
