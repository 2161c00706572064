// The menu to export the picture and the walk as files, copy the link, or open the query in GraphiQL.

import "./export-menu.css";
import { ArrowUpRight, Check, X } from "lucide-react";
import { useEffect, useState } from "react";
import { gateway } from "../gateway";
import { linkTo } from "../link";
import { Menu, MenuGroup } from "./Menu";
import { asProblem, withPrefix } from "./api";
import around from "./around.graphql?raw";
import { copy } from "./clipboard";
import { useExplorer } from "./store";
import { save } from "./files";
import { type Side, SIDES } from "./graph";
import { useDelayed } from "./delayed";
import type { Scene } from "./scene";
import { type ExportFile, FORMATS, asPng, asSvg, asText, variablesOf } from "./exports";

const SIDE_WORDS: Record<Side, string> = { up: "Upstream", down: "Downstream" };

/** A running or finished export. */
interface Task {
  readonly what: string;
  /** Null once it has finished. */
  readonly controller: AbortController | null;
  readonly message: string;
  readonly isBad: boolean;
}

export function ExportMenu({ scene }: { scene: Scene }) {
  const view = useExplorer((state) => state.view);
  const [chosen, setSide] = useState<Side | null>(null);
  const [task, setTask] = useState<Task | null>(null);
  const sides = sidesOf(scene);
  const side = chosen !== null && sides.includes(chosen) ? chosen : sides[0]!;

  async function run(what: string, make: (signal: AbortSignal) => Promise<ExportFile>): Promise<void> {
    task?.controller?.abort();
    const controller = new AbortController();
    setTask({ what, controller, message: "", isBad: false });
    try {
      const { file, name, warning } = await make(controller.signal);
      save(file, name);
      const message = [`${name} is saved.`, warning].filter(Boolean).join(" ");
      setTask({ what, controller: null, message, isBad: false });
    } catch (error) {
      if (controller.signal.aborted) return;
      setTask({ what, controller: null, message: `There is no ${what}: ${asProblem(error).message}`, isBad: true });
    }
  }

  const item = (what: string, make: (signal: AbortSignal) => Promise<ExportFile>) => (
    <button key={what} type="button" role="menuitem" tabIndex={-1} onClick={() => void run(what, make)}>
      {what}
    </button>
  );
  const hops = (which: Side) =>
    `${SIDE_WORDS[which]}, ${view.depth[which]} ${view.depth[which] === 1 ? "hop" : "hops"}`;

  return (
    <div className="export-menu">
      <Menu label="Export" disabled={scene.shown.size === 0}>
        <MenuGroup label="The picture">
          {item("PNG", (signal) => asPng(scene, signal))}
          {item("SVG", (signal) => asSvg(scene, signal))}
        </MenuGroup>
        <MenuGroup label={`The whole walk${sides.length > 1 ? "" : `: ${hops(side)}`}`}>
          {sides.length > 1 &&
            sides.map((which) => (
              <button
                key={which}
                type="button"
                role="menuitemradio"
                tabIndex={-1}
                aria-checked={which === side}
                onClick={() => setSide(which)}
              >
                {hops(which)} {which === side && <Check size={14} aria-hidden />}
              </button>
            ))}
          {FORMATS.map((format) => item(format.label, (signal) => asText(format, side, signal)))}
        </MenuGroup>
        <MenuGroup label="This view">
          <button
            type="button"
            role="menuitem"
            tabIndex={-1}
            onClick={async () => {
              const message = await copy(location.href);
              setTask({ what: "link", controller: null, message, isBad: message !== "Copied." });
            }}
          >
            Copy link
          </button>
          {gateway.graphiql && <OpenInGraphiQL />}
        </MenuGroup>
      </Menu>
      {task && <Status key={task.what} task={task} dismiss={() => setTask(null)} />}
    </div>
  );
}

/** The sides on which anything is drawn, the larger first; at least one. */
function sidesOf({ shown }: Scene): readonly Side[] {
  const counts = { up: 0, down: 0 };
  for (const distance of shown.values()) {
    if (distance < 0) counts.up++;
    else if (distance > 0) counts.down++;
  }
  const sides = SIDES.filter((side) => counts[side] > 0).sort((one, other) => counts[other] - counts[one]);
  return sides.length ? sides : ["up"];
}

function OpenInGraphiQL() {
  const view = useExplorer((state) => state.view);
  const [href, setHref] = useState("graphql");
  useEffect(() => {
    let isCurrent = true;
    const variables = JSON.stringify(variablesOf(view), null, 2);
    void withPrefix(around).then((query) => isCurrent && setHref(linkTo({ query, variables })));
    return () => {
      isCurrent = false;
    };
  }, [view]);
  return (
    <a role="menuitem" tabIndex={-1} href={href} target="_blank" rel="noreferrer">
      Open in GraphiQL <ArrowUpRight size={14} aria-hidden />
    </a>
  );
}

/** How long a success message is shown, in milliseconds. */
const DISMISS_AFTER_MS = 6000;

function Status({ task, dismiss }: { task: Task; dismiss: () => void }) {
  const { what, controller, message, isBad } = task;
  const isLong = useDelayed(controller !== null);
  // A second sentence is a warning, which stays.
  const isWell = controller === null && !isBad && message.split(". ").length === 1;
  useEffect(() => {
    if (!isWell) return;
    const timer = setTimeout(dismiss, DISMISS_AFTER_MS);
    return () => clearTimeout(timer);
  }, [isWell, message]);
  const isShown = controller === null || isLong;
  return (
    <div className={`status ${isBad ? "bad" : ""}`} role="status" hidden={!isShown}>
      {controller ? (
        <>
          <span>The {what} is being made.</span>
          <button
            type="button"
            onClick={() => {
              controller.abort();
              dismiss();
            }}
          >
            Cancel
          </button>
        </>
      ) : (
        <>
          <span>{message}</span>
          <button type="button" className="dismiss" aria-label="Dismiss" title="Dismiss" onClick={dismiss}>
            <X size={16} aria-hidden />
          </button>
        </>
      )}
    </div>
  );
}
