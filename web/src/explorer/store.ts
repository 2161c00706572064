// The explorer's store: the view, the loaded graph, running walks, and the user's actions.

import { create } from "zustand";
import { credentials } from "../credentials";
import { type TitlesQuery, TitlesDocument } from "../generated/graphql";
import { type Problem, asProblem, ask, whenOnline, whenSignedOut } from "./api";
import { batches } from "./batches";
import { Graph, type Side, SIDES } from "./graph";
import { latestVertex } from "./latest";
import type { Arranged } from "./layout/arrange";
import {
  MAX_STARTS,
  MAX_VERTICES,
  type Missing,
  PAGE,
  type SideWalk,
  isEnded,
  missing,
  onward,
  resumed,
} from "./missing";
import {
  DEFAULT_VIEW,
  type Filter,
  MAX_HOPS,
  OVERVIEW,
  type View,
  isFiltered,
  parse,
  sideKey,
  splitKey,
  write,
} from "./view";
import { forgetNewest } from "./newest";
import { throttled } from "./throttle";
import { FEW, MORE, stackId } from "./scene";
import { type Progress, walk } from "./walks";

export type Title = TitlesQuery["lineage"]["start"][number];

export interface Explorer {
  readonly view: View;
  readonly graph: Graph;
  /** Incremented whenever something is added to the graph, which is mutable. */
  readonly revision: number;
  /** The loaded texts of cards, by ARN. */
  readonly titles: ReadonlyMap<string, Title>;
  /** Progress of the running walks; null if none are running. */
  readonly progress: Progress | null;
  /** What the view's walks left out on each side; null until one has ended. */
  readonly coverage: Readonly<Record<Side, Missing | null>>;
  /** Why the graph, or part of it, could not be loaded. */
  readonly problem: Problem | null;
  /** Why some vertices could not be described; only their titles are missing. */
  readonly undescribed: Problem | null;
  /** Whether the gateway asks for a credential: for the first time, or because it rejected the last one, and why. */
  readonly credentialWanted: "first" | Problem | null;
  /** Whether the user can sign out. */
  readonly isSignedIn: boolean;
  /** Whether the account has no lineage. */
  readonly isEmpty: boolean;
  /** Ids of the highlighted cards and links; null if nothing is highlighted. */
  readonly lit: ReadonlySet<string> | null;
  /** What is highlighted while neither the pointer nor the keyboard highlights something else. */
  readonly litByDefault: ReadonlySet<string> | null;
  /** The id of the card that the keyboard is at; null stands for the scene's entry card. */
  readonly focused: string | null;
  /** The card that the user acted on last; it keeps its place when the layout changes. */
  readonly anchor: string | null;
  /** ARNs of the vertices on the shown paths. */
  readonly onPaths: readonly string[];
  /** How often `retry` was called. */
  readonly retries: number;
  /** The latest scene that has been laid out, with its layout. */
  readonly arranged: Arranged | null;

  /** Change the view, push it to the browser's history, and fetch what it needs. */
  go(change: Partial<View>): void;
  /** Make a vertex the start. */
  start(arn: string): void;
  open(arn: string, side: Side): void;
  close(arn: string, side: Side): void;
  /** Show more of a stack's members as cards. */
  more(arn: string, side: Side): void;
  /** Continue the walks that were cut short. */
  resume(): void;
  cancel(): void;
  /** Fetch the view again, and keep what is loaded. */
  retry(): void;
  /** Discard what is loaded, and fetch the view again. */
  reload(): void;
  /** Show the view in the fragment of an address. */
  showAddress(fragment: string): void;
  signIn(credential: string): void;
  signOut(): void;
  /** Fetch the titles that are not loaded yet; throws if some fail, unless AWS denied them. */
  describe(arns: readonly string[], signal: AbortSignal): Promise<void>;
  /** Fetch the titles of these vertices in the background, if needed. */
  wantTitles(arns: readonly string[]): void;
  /** Fetch the neighbours of these vertices in the background, if needed. */
  wantSides(arns: readonly string[]): void;
  /** Highlight cards and links; null falls back to the default highlight. */
  light(ids: ReadonlySet<string> | null): void;
  /** Set the default highlight. */
  lightByDefault(ids: ReadonlySet<string> | null): void;
  /** Move the keyboard focus to a card. */
  moveTo(id: string): void;
}

const UNKNOWN: Explorer["coverage"] = { up: null, down: null };
const NOT_BEGUN: Progress = { visited: 0, awsCalls: 0 };

const sum = (one: Progress, two: Progress): Progress => ({
  visited: one.visited + two.visited,
  awsCalls: one.awsCalls + two.awsCalls,
});

type Job = (signal: AbortSignal) => Promise<unknown>;

export const useExplorer = create<Explorer>()((set, get) => {
  let controller = new AbortController();
  let running = 0;
  /** Keys of the sides whose walks are running. */
  let opening = new Set<string>();
  /** Identifies the session, by object identity: replaced on sign-out, so that late responses can be dropped. */
  let session = {};

  /** Progress that has not been published yet. */
  let unpublished = NOT_BEGUN;
  // Messages of walks arrive faster than a large scene can be rendered.
  const publish = throttled(100, () => {
    const found = unpublished;
    unpublished = NOT_BEGUN;
    set(({ revision, progress }) => ({ revision: revision + 1, progress: progress && sum(progress, found) }));
  });
  const forget = () => {
    sides.clear();
    set({ graph: new Graph(), coverage: UNKNOWN, arranged: null });
  };

  function abortWalks(): void {
    controller.abort();
    controller = new AbortController();
    running = 0;
    opening = new Set();
    unpublished = NOT_BEGUN;
    set({ progress: null });
  }

  /** Run jobs beside those already running; a cancelled one keeps what it has found. */
  async function run(...jobs: Job[]): Promise<void> {
    if (!jobs.length) return;
    const { signal } = controller;
    running++;
    set(({ progress }) => ({ progress: progress ?? NOT_BEGUN }));
    const outcomes = await Promise.allSettled(jobs.map((job) => job(signal)));
    // Cancelled: the state belongs to the jobs that were started since.
    if (signal.aborted) return;
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) set({ problem: asProblem(failed.reason) });
    if (--running === 0) set({ progress: null });
  }

  function progressOf(signal: AbortSignal): (sofar: Progress) => void {
    let before = NOT_BEGUN;
    return (now) => {
      if (signal.aborted) return;
      unpublished = sum(unpublished, {
        visited: now.visited - before.visited,
        awsCalls: now.awsCalls - before.awsCalls,
      });
      before = now;
      publish();
    };
  }

  /** Run a walk, and record what it left out. */
  async function explore(request: SideWalk, signal: AbortSignal): Promise<Missing> {
    const { graph, view } = get();
    const { coverage, problems } = await walk(graph, { ...request, filter: view.filter }, progressOf(signal), signal);
    const left = missing(graph, request, coverage);
    if (signal.aborted) return left;
    set((state) => ({
      revision: state.revision + 1,
      coverage: { ...state.coverage, [request.side]: resumed(state.coverage[request.side], request, left) },
      undescribed: problems[0] ?? state.undescribed,
    }));
    return left;
  }

  /** Walk both sides of the view's start, and the sides that the user opened. */
  function walkView(): void {
    abortWalks();
    set({ coverage: UNKNOWN, problem: null, undescribed: null });
    const { view } = get();
    void run(
      (signal) => explore(wholeWalk(view, "up"), signal),
      (signal) => explore(wholeWalk(view, "down"), signal),
      ...opened(view),
    );
  }

  /** The walks of the sides that the user opened and that are not loaded yet. */
  function opened({ opened, filter }: View): Job[] {
    return SIDES.flatMap((side) => {
      const keys = [...opened.keys()].filter((key) => {
        const [keySide, arn] = splitKey(key);
        return keySide === side && !opening.has(key) && !get().graph.isExplored(arn, side);
      });
      return keys.length ? [(signal: AbortSignal) => openAll(keys, side, filter, signal)] : [];
    });
  }

  /** Walk opened sides in batches: a shared link may contain thousands. */
  async function openAll(keys: readonly string[], side: Side, filter: Filter, signal: AbortSignal): Promise<void> {
    const hops = isFiltered(filter) ? FILTERED_HOPS : 1;
    const inProgress = opening;
    for (const key of keys) inProgress.add(key);
    try {
      for (let at = 0; at < keys.length; at += MAX_STARTS) {
        const start = keys.slice(at, at + MAX_STARTS).map((key) => splitKey(key)[1]);
        await explore({ start, side, hops, maxVertices: Math.min(PAGE * start.length, MAX_VERTICES) }, signal);
      }
    } finally {
      for (const key of keys) inProgress.delete(key);
    }
  }

  /** Continue a side from its frontier until about one page of new vertices is found. */
  async function continueWalk(side: Side, signal: AbortSignal): Promise<void> {
    const { graph } = get();
    const enough = graph.vertices.size + PAGE;
    const tried = new Set<string>();
    while (graph.vertices.size < enough) {
      const next = onward(get().coverage[side]!, tried);
      if (next === null) return;
      for (const arn of next.start) tried.add(arn);
      // The walk returns known vertices first, and they count towards its maximum.
      const known = next.start.reduce((sum, arn) => sum + graph.neighbours(arn, side).length, next.start.length);
      const left = await explore({ ...next, side, maxVertices: Math.min(known + PAGE, MAX_VERTICES) }, signal);
      if (signal.aborted || isEnded(left)) return;
    }
  }

  /** Repeat a side's walk with a higher maximum: with a filter, edges over hidden vertices need the whole walk. */
  function widen(side: Side, signal: AbortSignal): Promise<unknown> {
    const { coverage, view } = get();
    const maxVertices = Math.min(coverage[side]!.maxVertices + PAGE, MAX_VERTICES);
    set({ coverage: { ...coverage, [side]: null } });
    return explore({ ...wholeWalk(view, side), maxVertices }, signal);
  }

  function showLatest(): void {
    abortWalks();
    set({ coverage: UNKNOWN, problem: null, undescribed: null, isEmpty: false });
    void run(async (signal) => {
      const arn = await latestVertex(signal);
      if (signal.aborted) return;
      if (arn === undefined) set({ isEmpty: true });
      // Replaced, not pushed: "back" would otherwise lead to an address that redirects here again.
      else show({ ...get().view, start: [arn], depth: OVERVIEW }, (address) => history.replaceState(null, "", address));
    });
  }

  function show(view: View, note: (address: string) => void): void {
    const before = get().view;
    set(({ isEmpty }) => ({ view, isEmpty: isEmpty && !view.start.length }));
    // A hand-written address may differ in form only.
    if (write(view) !== write(before)) note(`#${write(view)}`);
    fetchFor(before, view);
  }

  function fetchFor(before: View | null, now: View): void {
    const isElsewhere = before === null || String(before.start) !== String(now.start);
    if (!now.start.length) return isElsewhere ? showLatest() : undefined;
    const isRefiltered = before !== null && JSON.stringify(before.filter) !== JSON.stringify(now.filter);
    // A start is shown even if the filter excludes it, so the graph of a filtered walk cannot be reused.
    if (isRefiltered || (isElsewhere && isFiltered(now.filter))) forget();
    const isDeeper = before !== null && SIDES.some((side) => now.depth[side] > before.depth[side]);
    if (isElsewhere || isRefiltered || isDeeper) walkView();
    else if (before.opened !== now.opened) void run(...opened(now));
  }

  whenSignedOut((problem) => {
    const credentialWanted = credentials.kept ? problem : (get().credentialWanted ?? "first");
    credentials.forget();
    set({ credentialWanted, isSignedIn: false });
  });

  async function fetchTitles(arns: readonly string[], signal?: AbortSignal): Promise<void> {
    const before = session;
    const { data, problems } = await ask(TitlesDocument, { arns }, signal);
    if (before !== session) return;
    set((state) => ({
      titles: new Map([...state.titles, ...data.lineage.start.map((one) => [one.arn, one] as const)]),
      undescribed: problems[0] ?? state.undescribed,
    }));
    const passing = problems.find(({ code }) => code !== "FORBIDDEN");
    if (passing) throw passing;
  }

  const titles = batches(MAX_STARTS, async (arns) => {
    try {
      await fetchTitles(arns);
    } catch (error) {
      const problem = asProblem(error);
      // The form to sign in says so, unless another credential has been accepted since the request.
      if (problem.code !== "UNAUTHENTICATED") set({ undescribed: problem });
      throw error;
    }
  });

  const sides = batches(25, async (arns) => {
    const { graph, view } = get();
    const start = arns.filter((arn) => !SIDES.every((side) => graph.isExplored(arn, side)));
    if (!start.length || isFiltered(view.filter)) return;
    const request = { start, side: "both" as const, hops: 1, filter: view.filter, maxVertices: PAGE };
    await walk(graph, request, () => {}, new AbortController().signal);
    publish();
  });

  return {
    view: parse(location.hash),
    graph: new Graph(),
    revision: 0,
    titles: new Map(),
    progress: null,
    coverage: UNKNOWN,
    problem: null,
    undescribed: null,
    credentialWanted: null,
    isSignedIn: credentials.kept,
    isEmpty: false,
    lit: null,
    litByDefault: null,
    focused: null,
    anchor: null,
    onPaths: [],
    retries: 0,
    arranged: null,

    go(change) {
      // The choice among the old paths does not apply to the new ones.
      const afresh = "path" in change ? { way: 0, alone: false } : {};
      // The drawer shows either.
      const instead = "selected" in change ? { compared: null } : "compared" in change ? { selected: [] as const } : {};
      show({ ...get().view, ...afresh, ...instead, ...change }, (address) => history.pushState(null, "", address));
    },
    start(arn) {
      get().go({ ...DEFAULT_VIEW, filter: get().view.filter, start: [arn], selected: [arn], show: get().view.show });
    },
    open(arn, side) {
      const { closed, opened } = get().view;
      const key = sideKey(side, arn);
      const left = new Set(closed);
      set({ anchor: arn });
      left.delete(key);
      get().go({ closed: left, opened: new Map(opened).set(key, opened.get(key) ?? FEW) });
    },
    close(arn, side) {
      const { closed, opened } = get().view;
      const key = sideKey(side, arn);
      const left = new Map(opened);
      set({ anchor: arn });
      left.delete(key);
      get().go({ closed: new Set(closed).add(key), opened: left });
    },
    more(arn, side) {
      const { opened } = get().view;
      const key = sideKey(side, arn);
      set({ anchor: stackId(side, arn) });
      get().go({ opened: new Map(opened).set(key, (opened.get(key) ?? FEW) + MORE) });
    },
    resume() {
      const { coverage, view } = get();
      const continueOrWiden = isFiltered(view.filter) ? widen : continueWalk;
      const cut = SIDES.filter((side) => coverage[side]?.reasons.some((reason) => reason !== "MAX_DEPTH"));
      set({ problem: null, undescribed: null });
      titles.retry();
      for (const side of cut) void run((signal) => continueOrWiden(side, signal));
    },
    cancel() {
      abortWalks();
    },
    retry() {
      set(({ retries }) => ({ retries: retries + 1 }));
      titles.retry();
      sides.retry();
      if (get().view.start.length) walkView();
      else showLatest();
    },
    reload() {
      titles.clear();
      forget();
      set({ titles: new Map() });
      fetchFor(null, get().view);
    },
    showAddress(fragment) {
      show(parse(fragment), () => {});
    },
    signIn(credential) {
      credentials.keep(credential);
      set({ credentialWanted: null, isSignedIn: true });
      get().retry();
    },
    signOut() {
      session = {};
      abortWalks();
      credentials.forget();
      forget();
      forgetNewest();
      titles.clear();
      set({ credentialWanted: "first", isSignedIn: false, titles: new Map() });
    },
    async describe(arns, signal) {
      const without = arns.filter((arn) => !get().titles.has(arn));
      for (let at = 0; at < without.length; at += MAX_STARTS) {
        await fetchTitles(without.slice(at, at + MAX_STARTS), signal);
      }
    },
    wantTitles: titles.want,
    wantSides: sides.want,
    light(ids) {
      set(({ litByDefault }) => ({ lit: ids ?? litByDefault }));
    },
    lightByDefault(ids) {
      set({ lit: ids, litByDefault: ids });
    },
    moveTo(id) {
      set({ focused: id, anchor: id });
    },
  };
});

/** How many hops an opened side is walked when a filter may hide the direct neighbours. */
const FILTERED_HOPS = 10;

/** The walk of a side; without a filter it goes one hop beyond the shown depth, to count hidden neighbours. */
function wholeWalk({ start, depth, filter }: View, side: Side): SideWalk {
  const hops = Math.min(depth[side] + (isFiltered(filter) ? 0 : 1), MAX_HOPS);
  return { start, side, hops, maxVertices: PAGE };
}

/** Show the view in the page's address, now and on back and forward; retry when the browser is back online. */
export function begin(): void {
  const { showAddress, reload, retry } = useExplorer.getState();
  reload();
  addEventListener("popstate", () => showAddress(location.hash));
  whenOnline(() => {
    const { problem, undescribed } = useExplorer.getState();
    if (problem?.code === "OFFLINE" || undescribed?.code === "OFFLINE") retry();
  });
}
