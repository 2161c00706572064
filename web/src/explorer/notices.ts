// The notices about an incomplete or missing graph, and the remedies they offer.

import type { IncompleteReason } from "../generated/graphql";
import type { Problem } from "./api";
import type { Explorer } from "./store";
import { type Side, SIDES } from "./graph";
import { MAX_VERTICES, type Missing } from "./missing";
import type { Scene } from "./scene";
import { MAX_HOPS, type View, isFiltered } from "./view";

/** An action that a notice offers. */
export type Remedy = "retry" | "resume" | "filter" | "clear" | "deeper" | "latest";

export interface Notice {
  readonly tone: "info" | "warn" | "bad";
  readonly title: string;
  readonly lines: readonly string[];
  readonly remedies: readonly (readonly [remedy: Remedy, label: string])[];
  /** The problem behind the notice, which may say when to retry. */
  readonly problem?: Problem;
}

export type NoticeState = Pick<
  Explorer,
  "view" | "progress" | "coverage" | "problem" | "undescribed" | "credentialWanted" | "isEmpty" | "graph"
>;

export function notices(state: NoticeState, scene: Scene): Notice[] {
  const { progress, coverage, problem, credentialWanted, isEmpty } = state;
  if (credentialWanted !== null) return [];
  if (problem !== null) return [ofProblem(problem), ...ofPicture(state, scene)];
  if (isEmpty) return [EMPTY];
  if (progress !== null) return ofPicture(state, scene);
  if (SIDES.some((side) => coverage[side] === null)) return [unfinished(scene), ...ofPicture(state, scene)];
  if (scene.shown.size === 0) return [nowhere(state.view.start)];
  return [...ofWalks(state, scene), ...ofPicture(state, scene)];
}

const TRY_AGAIN = ["retry", "Try again"] as const;

const EMPTY: Notice = {
  tone: "info",
  title: "There is no lineage here yet",
  lines: [
    "SageMaker records lineage by itself when a training, processing or batch transform job runs, when a model is " +
      "registered or approved as a model package, and when it is deployed to an endpoint.",
    "Code of your own can add artifacts, contexts, actions and associations with the SageMaker Python SDK or CreateArtifact, " +
      "CreateContext, CreateAction and AddAssociation.",
    "Lineage stays in its account and region: if yours should be here, the gateway may be reading another one.",
  ],
  remedies: [["retry", "Look again"]],
};

type Words = Pick<Notice, "title" | "lines" | "remedies"> & { readonly tone?: Notice["tone"] };

const PROBLEMS: Record<string, Words> = {
  OFFLINE: {
    title: "The gateway cannot be reached",
    lines: ["This page tries again as soon as the browser is back online."],
    remedies: [TRY_AGAIN],
  },
  THROTTLED: { tone: "warn", title: "Too many requests", lines: [], remedies: [TRY_AGAIN] },
  FORBIDDEN: {
    title: "Access denied",
    lines: ["The gateway's operator can say why, and change it."],
    remedies: [TRY_AGAIN],
  },
  UPSTREAM_UNAVAILABLE: { title: "Service unavailable", lines: [], remedies: [TRY_AGAIN] },
  DEADLINE_EXCEEDED: {
    title: "This took too long",
    lines: ["Fewer hops take less time."],
    remedies: [TRY_AGAIN],
  },
  BUDGET_EXCEEDED: { title: "This exceeds a limit of the gateway", lines: [], remedies: [["filter", "Filter"]] },
  BAD_USER_INPUT: {
    title: "This link is not valid",
    lines: [],
    remedies: [["latest", "Show the latest instead"]],
  },
  GRAPHQL_VALIDATION_FAILED: {
    title: "This page and the gateway do not match",
    lines: ["They may be different versions: reload the page."],
    remedies: [],
  },
};

const OTHERWISE: Words = { title: "Something went wrong", lines: [], remedies: [TRY_AGAIN] };

/** The notice for a problem. */
export function ofProblem(problem: Problem): Notice {
  const { tone = "bad", title, lines, remedies } = PROBLEMS[problem.code] ?? OTHERWISE;
  const messages = problem.message === `${title}.` ? [] : [problem.message];
  return { tone, title, lines: [...messages, ...lines], remedies, problem };
}

function unfinished({ shown }: Scene): Notice {
  return {
    tone: "info",
    title: "Stopped",
    lines: [shown.size ? "This is what was found so far." : "Nothing had been found yet."],
    remedies: [["retry", "Go on"]],
  };
}

function nowhere(start: readonly string[]): Notice {
  return {
    tone: "warn",
    title: "There is no such vertex",
    lines: [
      start.join(", "),
      "It may have been deleted, or it is not in an account and region that this gateway reads.",
    ],
    remedies: [["latest", "Show the latest instead"]],
  };
}

/** Notices about the drawn graph, whether or not the walks have ended. */
function ofPicture({ undescribed, coverage }: NoticeState, { shown, grouped }: Scene): Notice[] {
  const list: Notice[] = [];
  if (!shown.size) return list;
  if (grouped) {
    list.push({
      tone: "info",
      title: `${shown.size.toLocaleString("en")} vertices are drawn as groups`,
      lines: [
        "Search a group to put one of its vertices in the middle. Fewer hops or a filter show vertices individually.",
      ],
      remedies: [["filter", "Filter"]],
    });
  }
  const isDenied = SIDES.some((side) => coverage[side]?.reasons.includes("ACCESS_DENIED"));
  const isForbidden = undescribed?.code === "FORBIDDEN";
  if (undescribed !== null && !(isDenied && isForbidden)) {
    list.push({
      tone: "warn",
      title: "Some vertices could not be described",
      lines: [undescribed.message, ...(isForbidden ? PROBLEMS["FORBIDDEN"]!.lines : [])],
      remedies: isForbidden ? [] : [TRY_AGAIN],
      problem: undescribed,
    });
  }
  return list;
}

/** Notices about walks that have ended. */
function ofWalks(state: NoticeState, scene: Scene): Notice[] {
  const { coverage, view } = state;
  const left = SIDES.map((side) => [side, coverage[side]!] as const);
  const cut = left.filter(([, { reasons }]) => reasons.some((reason) => reason !== "MAX_DEPTH"));
  if (cut.length) return [partial(state, scene, cut)];
  if (scene.shown.size > view.start.length) return [];
  const walked = deepened(view.depth);
  const isDeeper = left.some(([side, { reasons }]) => walked[side] > view.depth[side] && reasons.length > 0);
  if (isFiltered(view.filter)) return [filteredOut(isDeeper)];
  return isDeeper || scene.stacks.size ? [] : [ALONE];
}

/** How many hops "Go deeper" adds. */
const DEEPER = 4;

/** Adds hops on the sides that show any, or on both if none does. */
export function deepened(depth: View["depth"]): View["depth"] {
  const isNowhere = SIDES.every((side) => depth[side] === 0);
  const more = (hops: number) => (hops > 0 || isNowhere ? Math.min(hops + DEEPER, MAX_HOPS) : hops);
  return { up: more(depth.up), down: more(depth.down) };
}

const ALONE: Notice = {
  tone: "info",
  title: "Nothing is associated with it",
  lines: ["It has no known upstream or downstream."],
  remedies: [],
};

function filteredOut(isDeeper: boolean): Notice {
  return {
    tone: "info",
    title: "The filter hides everything but the start",
    lines: [
      isDeeper
        ? "Vertices that match may lie deeper than the walk went."
        : "Nothing connected with the start matches it.",
    ],
    remedies: [["clear", "Clear the filter"], ...(isDeeper ? [["deeper", "Go deeper"] as const] : [])],
  };
}

export const REASONS: Record<Exclude<IncompleteReason, "MAX_DEPTH">, string> = {
  ACCESS_DENIED: "AWS denies the gateway access beyond some of the vertices; its operator can change that.",
  THROTTLED: "AWS throttled the calls.",
  UPSTREAM_ERROR: "AWS failed, or could not be reached.",
  DANGLING: "Associations still name vertices that have been deleted.",
  CALL_BUDGET: "The walk used up its budget of AWS calls.",
  DEADLINE: "The walk ran out of time.",
  MAX_VERTICES: "There are more vertices than one walk returns.",
};
const SIDE_WORDS: Record<Side, string> = { up: "upstream", down: "downstream" };

type Cut = readonly (readonly [side: Side, left: Missing])[];

function partial(state: NoticeState, scene: Scene, cut: Cut): Notice {
  const reasons = new Set(cut.flatMap(([, { reasons }]) => reasons));
  const lines = Object.entries(REASONS).flatMap(([reason, words]) => (reasons.has(reason as "DANGLING") ? words : []));
  const isFor = (...some: IncompleteReason[]) => some.some((reason) => reasons.has(reason));
  if (isFor("DANGLING") && lines.length === 1) {
    return { tone: "info", title: "Some vertices no longer exist", lines, remedies: [] };
  }
  const where = cut.length === 1 ? ` ${SIDE_WORDS[cut[0]![0]]}` : "";
  const canGoOn = isFiltered(state.view.filter) || cut.some(([, { frontier }]) => frontier.size);
  if (isFor("MAX_VERTICES", "CALL_BUDGET", "DEADLINE")) {
    const more: Notice = { tone: "warn", title: `There is more${where}`, lines, remedies: [] };
    if (isTooMuch(state, scene, cut)) return full(state, more);
    return canGoOn ? { ...more, remedies: [["resume", "Load more"]] } : more;
  }
  const again = canGoOn && isFor("THROTTLED", "UPSTREAM_ERROR") ? [["resume", "Try again"] as const] : [];
  return { tone: "warn", title: `Something is missing${where}`, lines, remedies: again };
}

function full({ view }: NoticeState, more: Notice): Notice {
  const max = MAX_VERTICES.toLocaleString("en");
  if (!isFiltered(view.filter)) {
    return {
      ...more,
      lines: [...more.lines, `More than ${max} are too many to draw: set a filter.`],
      remedies: [["filter", "Filter"]],
    };
  }
  return {
    ...more,
    lines: [...more.lines, `One walk visits at most ${max} vertices, hidden ones included: start closer.`],
  };
}

/** Whether the page or the walk has reached the maximum number of vertices. */
function isTooMuch({ view }: NoticeState, scene: Scene, cut: Cut): boolean {
  if (isFiltered(view.filter)) return cut.some(([, { maxVertices }]) => maxVertices >= MAX_VERTICES);
  const stacked = [...scene.stacks.values()].reduce((sum, { of, members }) => sum + (of ? members.length : 0), 0);
  return scene.shown.size + stacked >= MAX_VERTICES;
}
