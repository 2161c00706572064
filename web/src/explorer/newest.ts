// Fetches the account's newest vertices, in which the search finds partial names.

import {
  NewestActionsDocument,
  NewestArtifactsDocument,
  NewestContextsDocument,
  NewestTrialComponentsDocument,
} from "../generated/graphql";
import { type Problem, ask, asProblem } from "./api";
import { type Entry, entryOf } from "./matching";

export interface Newest {
  readonly entries: readonly Entry[];
  /** Whether the account has more vertices. */
  readonly isCut: boolean;
  /** Why some kinds could not be loaded. */
  readonly problems: readonly Problem[];
}

export const NOTHING: Newest = { entries: [], isCut: false, problems: [] };

const CACHED_MS = 60_000;
let cached: { readonly until: number; readonly answer: Promise<Newest> } | null = null;

/** The newest vertices, cached for a minute. */
export function newest(): Promise<Newest> {
  if (cached === null || cached.until < Date.now()) cached = { until: Date.now() + CACHED_MS, answer: fetchNewest() };
  return cached.answer;
}

/** Clear the cache, as on sign-out. */
export function forgetNewest(): void {
  cached = null;
}

async function fetchNewest(): Promise<Newest> {
  const documents = [
    NewestArtifactsDocument,
    NewestContextsDocument,
    NewestActionsDocument,
    NewestTrialComponentsDocument,
  ];
  const answers = await Promise.allSettled(documents.map((document) => ask(document, {})));
  const fulfilled = answers.filter((answer) => answer.status === "fulfilled").map(({ value }) => value);
  const problems = answers
    .filter((answer) => answer.status === "rejected")
    .map(({ reason }) => asProblem(reason))
    .concat(fulfilled.flatMap((answer) => answer.problems));
  // Failures are not cached.
  if (problems.length) cached = null;
  const pages = fulfilled.map(({ data }) => data.newest);
  return {
    entries: pages.flatMap(({ nodes }) => nodes.map((node) => entryOf(node, node))),
    isCut: pages.some(({ pageInfo }) => pageInfo.hasNextPage),
    problems,
  };
}
