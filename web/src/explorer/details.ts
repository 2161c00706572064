// Hooks that fetch the details of what is selected, and cache them for as long as the graph.

import { useEffect, useState } from "react";
import { DetailDocument } from "../generated/graphql";
import { type Answer, type Problem, ask, asProblem } from "./api";
import { useExplorer } from "./store";
import type { Graph } from "./graph";
import type { Entity } from "./rows";

export interface Details<Data> {
  /** Null while loading, or if it failed. */
  readonly answer: Answer<Data> | null;
  readonly problem: Problem | null;
  /** Fetch again. */
  retry(): void;
}

/** The maximum number of cached answers; the oldest is evicted first. */
const MAX_CACHED = 100;
/** Keyed by graph, so that discarding the graph discards its details. */
const cache = new WeakMap<Graph, Map<string, Answer<unknown>>>();

/** Fetch the details of a key; only the response for the latest key is used. */
export function useDetails<Data>(key: string, fetch: (signal: AbortSignal) => Promise<Answer<Data>>): Details<Data> {
  const graph = useExplorer((state) => state.graph);
  const isSignedOut = useExplorer(({ credentialWanted }) => credentialWanted !== null);
  const retries = useExplorer((state) => state.retries);
  const [attempt, setAttempt] = useState(0);
  const [state, setState] = useState<{ key: string; answer: Answer<Data> | null; problem: Problem | null }>();
  useEffect(() => {
    const kept = cache.get(graph)?.get(key) as Answer<Data> | undefined;
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
  }, [graph, key, attempt, retries, isSignedOut]);
  const current = state?.key === key ? state : undefined;
  return {
    answer: current?.answer ?? null,
    problem: current?.problem ?? null,
    retry: () => setAttempt(attempt + 1),
  };
}

function keep(graph: Graph, key: string, answer: Answer<unknown>): void {
  const answers = cache.get(graph) ?? new Map<string, Answer<unknown>>();
  cache.set(graph, answers.set(key, answer));
  if (answers.size > MAX_CACHED) answers.delete(answers.keys().next().value!);
}

export interface Described {
  /** Null while loading, if it failed, or if the vertex no longer exists. */
  readonly entity: Entity | null;
  /** Why the vertex, or some of its fields, could not be loaded. */
  readonly problems: readonly Problem[];
  readonly isLoading: boolean;
  readonly isGone: boolean;
  /** Fetch again. */
  retry(): void;
}

/** Fetch all fields of a vertex. */
export function useEntity(arn: string): Described {
  const { answer, problem, retry } = useDetails(arn, (signal) => ask(DetailDocument, { arn }, signal));
  const entity = answer?.data.entity ?? null;
  const problems = problem ? [problem] : (answer?.problems ?? []);
  return {
    entity,
    problems,
    isLoading: !answer && !problem,
    isGone: answer !== null && entity === null && !problems.length,
    retry,
  };
}
