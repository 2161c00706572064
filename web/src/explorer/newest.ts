// The account's newest vertices, in which parts of names can be looked for.

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
  /** Whether the account has more than these. */
  readonly isCut: boolean;
  /** Why some kinds could not be had. */
  readonly problems: readonly Problem[];
}

export const NOTHING: Newest = { entries: [], isCut: false, problems: [] };

const KEPT_MS = 60_000;
let kept: { readonly until: number; readonly answer: Promise<Newest> } | null = null;

/** Ask for them, once a minute. */
export function newest(): Promise<Newest> {
  if (kept === null || kept.until < Date.now()) kept = { until: Date.now() + KEPT_MS, answer: fetchNewest() };
  return kept.answer;
}

/** Have them asked for anew, as for another user. */
export function forgetNewest(): void {
  kept = null;
}

async function fetchNewest(): Promise<Newest> {
  const documents = [
    NewestArtifactsDocument,
    NewestContextsDocument,
    NewestActionsDocument,
    NewestTrialComponentsDocument,
  ];
  const answers = await Promise.allSettled(documents.map((document) => ask(document, {})));
  const told = answers.filter((answer) => answer.status === "fulfilled").map(({ value }) => value);
  const problems = answers
    .filter((answer) => answer.status === "rejected")
    .map(({ reason }) => asProblem(reason))
    .concat(told.flatMap((answer) => answer.problems));
  // What failed is asked again the next time.
  if (problems.length) kept = null;
  const pages = told.map(({ data }) => data.newest);
  return {
    entries: pages.flatMap(({ nodes }) => nodes.map((node) => entryOf(node, node))),
    isCut: pages.some(({ pageInfo }) => pageInfo.hasNextPage),
    problems,
  };
}
