// Search results: exact matches from the gateway, and partial matches among what the page has loaded.

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { ResolveDocument } from "../generated/graphql";
import { type Problem, ask, asProblem } from "./api";
import { useExplorer } from "./store";
import { useSaved } from "./saved";
import { NOTHING, newest } from "./newest";
import { type Entry, entryOf, matching, reference } from "./matching";

export interface SearchResults {
  /** Best first. */
  readonly entries: readonly Entry[];
  /** The account's newest vertices, once they are loaded. */
  readonly newest: readonly Entry[];
  /** How many of the entries the gateway resolved. */
  readonly exact: number;
  /** Whether the gateway's response is pending. */
  readonly isWaiting: boolean;
  /** Whether the account has vertices in which partial names were not searched. */
  readonly isCut: boolean;
  /** Why something could not be searched. */
  readonly problems: readonly Problem[];
  /** Query the gateway now, without waiting for a pause in typing. */
  flush(): void;
}

const NONE: readonly Entry[] = [];

/** The pause in typing after which the gateway is queried. */
const DEBOUNCE_MS = 300;

export function useSearchResults(text: string, isOpen: boolean): SearchResults {
  const wanted = isOpen ? reference(text) : "";
  const { answer, flush } = useResolution(wanted);
  const recent = useNewest(isOpen);
  const others = useKnown(wanted !== "", recent.entries);
  const exact = answer?.entries ?? NONE;
  const entries = useMemo(() => matching(wanted, exact, others), [wanted, exact, others]);
  return {
    entries,
    newest: recent.entries,
    exact: exact.length,
    isWaiting: wanted !== "" && answer === null,
    isCut: recent.isCut,
    problems: [...(answer?.problems ?? []), ...recent.problems],
    flush,
  };
}

interface Resolution {
  readonly of: string;
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
}

function useResolution(wanted: string): { answer: Resolution | null; flush: () => void } {
  const [answer, setAnswer] = useState<Resolution | null>(null);
  const pending = useRef<{ flush(): void }>(undefined);
  const isSignedOut = useExplorer(({ credentialWanted }) => credentialWanted !== null);
  useEffect(() => {
    if (isSignedOut) setAnswer(null);
    if (wanted === "") return;
    const aborter = new AbortController();
    const run = async () => {
      const resolved = await resolve(wanted, aborter.signal);
      if (!aborter.signal.aborted) setAnswer(resolved);
    };
    const timer = debounced(DEBOUNCE_MS, () => void run());
    pending.current = timer;
    return () => {
      timer.cancel();
      aborter.abort();
    };
  }, [wanted, isSignedOut]);
  const flush = useCallback(() => pending.current?.flush(), []);
  return { answer: answer?.of === wanted && wanted !== "" ? answer : null, flush };
}

async function resolve(wanted: string, signal: AbortSignal): Promise<Resolution> {
  try {
    const { data, problems } = await ask(ResolveDocument, { reference: wanted }, signal);
    return { of: wanted, entries: data.resolve.map((found) => entryOf(found, found)), problems };
  } catch (error) {
    return { of: wanted, entries: [], problems: [asProblem(error)] };
  }
}

/** Run `act` once, after a delay or as soon as it is flushed. */
function debounced(milliseconds: number, act: () => void): { flush(): void; cancel(): void } {
  let timer: number | null = setTimeout(run, milliseconds);
  function run(): void {
    timer = null;
    act();
  }
  const cancel = () => timer !== null && clearTimeout(timer);
  return {
    cancel,
    flush: () => {
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
  const saved = useSaved();
  return useMemo(() => {
    if (!isWanted) return [];
    const drawn = [...graph.vertices.values()].map((vertex) => entryOf(vertex, titles.get(vertex.arn)));
    return [...recent, ...saved.starred, ...saved.recent, ...drawn];
  }, [isWanted, recent, saved, graph, revision, titles]);
}
