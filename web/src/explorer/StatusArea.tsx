// The progress, the notices, the form to sign in, and the skeleton, over or instead of the graph.

import "./status-area.css";
import { CircleAlert, Info, type LucideIcon, TriangleAlert, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import type { Problem } from "./api";
import { SignIn } from "./SignIn";
import { useExplorer } from "./store";
import { useDelayed } from "./delayed";
import { type Notice, type Remedy, deepened, notices } from "./notices";
import type { Scene } from "./scene";
import { DEFAULT_VIEW, NO_FILTER } from "./view";

export function StatusArea({ scene }: { scene: Scene }) {
  const known = useExplorer(
    useShallow(({ view, progress, coverage, problem, undescribed, credentialWanted, isEmpty, graph }) => {
      return { view, progress, coverage, problem, undescribed, credentialWanted, isEmpty, graph };
    }),
  );
  const isLaidOut = useExplorer(({ arranged }) => arranged !== null);
  const [dismissed, setDismissed] = useState<ReadonlySet<string>>(new Set());
  const isLong = useDelayed(known.progress !== null);
  const isDrawn = scene.shown.size > 0;
  const all = notices(known, scene);
  const visible = all.filter((notice) => !isDrawn || !dismissed.has(textOf(notice)));
  const texts = all.map(textOf).join("\n\n");
  // A dismissed notice that goes away and comes back is shown again.
  useEffect(() => {
    setDismissed((before) => new Set([...before].filter((text) => texts.split("\n\n").includes(text))));
  }, [texts]);
  const isLoading = isDrawn ? known.view.show === "graph" && !isLaidOut : known.progress !== null;
  return (
    <>
      {isLoading && known.credentialWanted === null && <Skeleton />}
      {known.credentialWanted !== null && (
        <div className="instead">
          <SignIn />
        </div>
      )}
      <div className={isDrawn ? `status-area over-${known.view.show}` : "status-area instead"}>
        {isLong && known.progress !== null && <ProgressLine {...known.progress} />}
        <div className="notices" aria-live="polite">
          {visible.map((notice) => (
            <NoticeBox
              key={textOf(notice)}
              notice={notice}
              dismiss={isDrawn ? () => setDismissed(new Set(dismissed).add(textOf(notice))) : null}
            />
          ))}
          {isLong && <p className="unseen">Walking the lineage</p>}
        </div>
      </div>
    </>
  );
}

const textOf = ({ title, lines }: Notice): string => [title, ...lines].join("\n");

const SIGNS: Record<Notice["tone"], LucideIcon> = { info: Info, warn: TriangleAlert, bad: CircleAlert };

function NoticeBox({ notice, dismiss }: { notice: Notice; dismiss: (() => void) | null }) {
  const Sign = SIGNS[notice.tone];
  const seconds = useSecondsLeft(notice.problem);
  return (
    <section className={`notice ${notice.tone}`}>
      <Sign className="sign" size={18} aria-hidden />
      <h2>{notice.title}</h2>
      {notice.lines.map((line) => (
        <p key={line}>{line}</p>
      ))}
      {notice.remedies.length > 0 && (
        <div className="remedies" aria-live="off">
          {notice.remedies.map(([remedy, label]) => (
            <button
              key={remedy}
              type="button"
              disabled={remedy === "retry" && seconds > 0}
              onClick={() => remedies[remedy]()}
            >
              {remedy === "retry" && seconds > 0 ? `${label} in ${seconds} s` : label}
            </button>
          ))}
        </div>
      )}
      {dismiss && (
        <button
          type="button"
          className="dismiss"
          title="Dismiss"
          aria-label={`Dismiss: ${notice.title}`}
          onClick={dismiss}
        >
          <X size={16} aria-hidden />
        </button>
      )}
    </section>
  );
}

const remedies: Record<Remedy, () => void> = {
  retry: () => useExplorer.getState().retry(),
  resume: () => useExplorer.getState().resume(),
  filter: () => document.querySelector<HTMLElement>("#filter button")?.click(),
  clear: () => useExplorer.getState().go({ filter: NO_FILTER }),
  deeper: () => {
    const { go, view } = useExplorer.getState();
    go({ depth: deepened(view.depth) });
  },
  latest: () => useExplorer.getState().go(DEFAULT_VIEW),
};

function ProgressLine({ visited, awsCalls }: { visited: number; awsCalls: number }) {
  const cancel = useExplorer((state) => state.cancel);
  return (
    <div className="progress" role="group" aria-label="The walk under way">
      <span className="working" aria-hidden />
      <span>
        {counted(visited, "vertex", "vertices")} found · {counted(awsCalls, "AWS call", "AWS calls")}
      </span>
      <button type="button" onClick={cancel}>
        Cancel
      </button>
    </div>
  );
}

const counted = (count: number, one: string, many: string): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** Placeholder cards, shown while loading. */
function Skeleton() {
  return (
    <div className="skeleton" aria-hidden>
      {[2, 3, 1, 2].map((cards, column) => (
        <div key={column}>
          {Array.from({ length: cards }, (_, row) => (
            <div key={row} className="card">
              <span />
              <span />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}

/** The seconds left until a retry is allowed. */
function useSecondsLeft(problem: Problem | undefined): number {
  const [seconds, setSeconds] = useState(problem?.retryAfter ?? 0);
  useEffect(() => {
    const until = performance.now() + (problem?.retryAfter ?? 0) * 1000;
    const tick = () => setSeconds(Math.max(0, Math.ceil((until - performance.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [problem]);
  return seconds;
}
