// The sliders for the number of hops shown on each side of the start.

import { useEffect, useRef, useState } from "react";
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
  const [value, setValue] = useState(depth[side]);
  const field = useRef<HTMLInputElement>(null);
  const isHeld = useRef(false);
  useEffect(() => setValue(depth[side]), [depth, side]);
  const settle = () => {
    const { go, view } = useExplorer.getState();
    const hops = Number(field.current!.value);
    isHeld.current = false;
    if (hops !== view.depth[side]) go({ depth: { ...view.depth, [side]: hops } });
  };
  // React's onChange follows every move. The browser's comes when the pointer lets go, from assistive technologies, which
  // send nothing else, and for every step of a key that is held down, of which only the last counts.
  useEffect(() => {
    const input = field.current!;
    const change = () => isHeld.current || settle();
    input.addEventListener("change", change);
    return () => input.removeEventListener("change", change);
  }, [side]);
  return (
    <label>
      {/* Not an <output>: as a labelable element it would take the label from the slider. */}
      <span>
        {WORDS[side]} {value}
      </span>
      <input
        ref={field}
        type="range"
        min={0}
        max={Math.max(SLIDER_MAX, value)}
        value={value}
        aria-describedby={HOPS_NOTE}
        onChange={(event) => setValue(Number(event.target.value))}
        onKeyDown={() => (isHeld.current = true)}
        onKeyUp={settle}
        onBlur={settle}
      />
    </label>
  );
}
