// A hook that fetches the details of what is selected, and caches them for as long as the graph.

import { useEffect, useState } from "react";
import { type Answer, type Problem, asProblem } from "./api";
import { useExplorer } from "./store";
import type { Graph } from "./graph";

export interface Details<Data> {
  /** Null while loading, or if it failed. */
  readonly answer: Answer<Data> | null;
  readonly problem: Problem | null;
  /** Fetch again. */
  again(): void;
}

/** The maximum number of cached answers; the oldest is evicted first. */
const MOST = 100;
/** Keyed by graph, so that discarding the graph discards its details. */
const told = new WeakMap<Graph, Map<string, Answer<unknown>>>();

/** Fetch the details of a key; only the response for the latest key is used. */
export function useDetails<Data>(key: string, fetch: (signal: AbortSignal) => Promise<Answer<Data>>): Details<Data> {
  const graph = useExplorer((state) => state.graph);
  const isSignedOut = useExplorer(({ credentialWanted }) => credentialWanted !== null);
  const retried = useExplorer((state) => state.retried);
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<{ key: string; answer: Answer<Data> | null; problem: Problem | null }>();
  useEffect(() => {
    const kept = told.get(graph)?.get(key) as Answer<Data> | undefined;
    if (kept) return setState({ key, answer: kept, problem: null });
    setState(undefined);
    if (isSignedOut) return;
    const aborter = new AbortController();
    fetch(aborter.signal).then(
      (answer) => {
        if (aborter.signal.aborted) return;
        if (!answer.problems.length) keep(graph, key, answer);
        setState({ key, answer, problem: null });
      },
      (error: unknown) => aborter.signal.aborted || setState({ key, answer: null, problem: asProblem(error) }),
    );
    return () => aborter.abort();
  }, [graph, key, attempt, retried, isSignedOut]);
  const current = state?.key === key ? state : undefined;
  return {
    answer: current?.answer ?? null,
    problem: current?.problem ?? null,
    again: () => setAttempt(attempt + 1),
  };
}

function keep(graph: Graph, key: string, answer: Answer<unknown>): void {
  const answers = told.get(graph) ?? new Map<string, Answer<unknown>>();
  told.set(graph, answers.set(key, answer));
  if (answers.size > MOST) answers.delete(answers.keys().next().value!);
}
