// What a text finds: exactly through the gateway, and by parts of names among what is known in the browser.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ResolveDocument } from "../generated/graphql";
import { type Problem, ask, asProblem } from "./api";
import { useExplorer } from "./store";
import { useSaved } from "./saved";
import { NOTHING, newest } from "./newest";
import { type Entry, entryOf, matching, reference } from "./matching";

export interface Finding {
  /** Best first. */
  readonly entries: readonly Entry[];
  /** How many of them the gateway found by the text as a whole. */
  readonly exact: number;
  /** Whether the gateway has not answered yet. */
  readonly isWaiting: boolean;
  /** Whether there is more than what was searched for parts of names. */
  readonly isCut: boolean;
  /** Why something could not be searched. */
  readonly problems: readonly Problem[];
  /** Ask the gateway now, without waiting for more to be typed. */
  hurry(): void;
}

const NONE: readonly Entry[] = [];

/** How long nothing must be typed before the gateway is asked. */
const PAUSE_MS = 300;

export function useFinding(text: string, isOpen: boolean): Finding {
  const wanted = isOpen ? reference(text) : "";
  const { answer, hurry } = useResolved(wanted);
  const recent = useNewest(isOpen);
  const others = useKnown(wanted !== "", recent.entries);
  const exact = answer?.entries ?? NONE;
  const entries = useMemo(() => matching(wanted, exact, others), [wanted, exact, others]);
  return {
    entries,
    exact: exact.length,
    isWaiting: wanted !== "" && answer === null,
    isCut: recent.isCut,
    problems: [...(answer?.problems ?? []), ...recent.problems],
    hurry,
  };
}

interface Resolved {
  readonly of: string;
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
}

function useResolved(wanted: string): { answer: Resolved | null; hurry: () => void } {
  const [answer, setAnswer] = useState<Resolved | null>(null);
  const asking = useRef<{ hurry(): void }>(undefined);
  useEffect(() => {
    if (wanted === "") return;
    const aborter = new AbortController();
    const resolve = async () => {
      const resolved = await resolving(wanted, aborter.signal);
      if (!aborter.signal.aborted) setAnswer(resolved);
    };
    const pause = pausing(PAUSE_MS, () => void resolve());
    asking.current = pause;
    return () => {
      pause.cancel();
      aborter.abort();
    };
  }, [wanted]);
  const hurry = useCallback(() => asking.current?.hurry(), []);
  return { answer: answer?.of === wanted && wanted !== "" ? answer : null, hurry };
}

async function resolving(wanted: string, signal: AbortSignal): Promise<Resolved> {
  try {
    const { data, problems } = await ask(ResolveDocument, { reference: wanted }, signal);
    return { of: wanted, entries: data.resolve.map((found) => entryOf(found, found)), problems };
  } catch (error) {
    return { of: wanted, entries: [], problems: [asProblem(error)] };
  }
}

/** Act after a while or, when hurried, at once; but once only. */
function pausing(milliseconds: number, act: () => void): { hurry(): void; cancel(): void } {
  let timer: number | null = setTimeout(run, milliseconds);
  function run(): void {
    timer = null;
    act();
  }
  const cancel = () => timer !== null && clearTimeout(timer);
  return {
    cancel,
    hurry: () => {
      if (timer === null) return;
      cancel();
      run();
    },
  };
}

function useNewest(isOpen: boolean): typeof NOTHING {
  const [pages, setPages] = useState(NOTHING);
  const isSignedOut = useExplorer(({ credentialWanted }) => credentialWanted !== null);
  useEffect(() => {
    if (isSignedOut) setPages(NOTHING);
    if (!isOpen) return;
    let isCurrent = true;
    void newest().then((found) => isCurrent && setPages(found));
    return () => {
      isCurrent = false;
    };
  }, [isOpen, isSignedOut]);
  return pages;
}

function useKnown(isWanted: boolean, recent: readonly Entry[]): readonly Entry[] {
  const graph = useExplorer((state) => state.graph);
  const revision = useExplorer((state) => state.revision);
  const titles = useExplorer((state) => state.titles);
  const kept = useSaved();
  return useMemo(() => {
    if (!isWanted) return [];
    const drawn = [...graph.vertices.values()].map((vertex) => entryOf(vertex, titles.get(vertex.arn)));
    return [...recent, ...kept.starred, ...kept.recent, ...drawn];
  }, [isWanted, recent, kept, graph, revision, titles]);
}
