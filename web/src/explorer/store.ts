// The explorer's state: what is looked at, what is known, what is under way; and what the user can do.

import { create } from "zustand";
import { credentials } from "../credentials";
import { type TitlesQuery, TitlesDocument } from "../generated/graphql";
import { type Problem, asProblem, ask, whenSignedOut } from "./api";
import { batches } from "./batches";
import { Graph, type Side, SIDES } from "./graph";
import { latestVertex } from "./latest";
import type { Arranged } from "./layout/arrange";
import { type Asked, MOST, MOST_STARTS, type Missing, PAGE, isEnded, missing, onward, resumed } from "./missing";
import { FIRST, type Filter, MOST_HOPS, OVERVIEW, type View, isFiltered, parse, sideKey, write } from "./view";
import { forgetNewest } from "./newest";
import { throttled } from "./throttle";
import { FEW, MORE, stackId } from "./scene";
import { type Progress, walk } from "./walks";

export type Title = TitlesQuery["lineage"]["start"][number];

export interface Explorer {
  readonly view: View;
  readonly graph: Graph;
  /** Grows with whatever is added to the graph. */
  readonly revision: number;
  /** What cards say, by ARN, as far as it was asked. */
  readonly titles: ReadonlyMap<string, Title>;
  /** Walks under way; null when there are none. */
  readonly progress: Progress | null;
  /** What the view's walks left out on each side; null where none has come to its end. */
  readonly coverage: Readonly<Record<Side, Missing | null>>;
  /** Why the picture, or a part of it, could not be had. */
  readonly problem: Problem | null;
  /** Why some vertices could not be described, which takes nothing from the picture but their names. */
  readonly undescribed: Problem | null;
  /** Whether the gateway wants a credential: the first, or another than the one that it was shown. */
  readonly credentialWanted: "first" | "another" | null;
  /** There is something to sign out of. */
  readonly isSignedIn: boolean;
  /** The account has nothing to show. */
  readonly isEmpty: boolean;
  /** Cards and links to light up, by their ids; null lights nothing. */
  readonly lit: ReadonlySet<string> | null;
  /** What is lit for as long as neither pointer nor keyboard lights something else. */
  readonly resting: ReadonlySet<string> | null;
  /** The card that the keyboard is at. */
  readonly at: string | null;
  /** What the user acted on last, which stays where it is when the picture changes. */
  readonly anchor: string | null;
  /** Vertices on the paths that are shown. */
  readonly onPaths: readonly string[];
  /** How often everything was asked again. */
  readonly retried: number;
  /** The newest scene that is laid out, and where. */
  readonly arranged: Arranged | null;

  /** Change the view, and fetch what that needs. */
  go(change: Partial<View>): void;
  /** Put a vertex in the middle. */
  start(arn: string): void;
  open(arn: string, side: Side): void;
  close(arn: string, side: Side): void;
  /** Show more siblings of a stack. */
  more(arn: string, side: Side): void;
  /** Go on where walks were cut short. */
  resume(): void;
  cancel(): void;
  /** Ask again for what is looked at, on top of what is known. */
  retry(): void;
  /** Forget what is known and ask again. */
  reload(): void;
  /** Look at what an address says. */
  arrive(fragment: string): void;
  signIn(credential: string): void;
  signOut(): void;
  /** Ask for the titles that these vertices lack. */
  describe(arns: readonly string[], signal: AbortSignal): Promise<void>;
  /** See that these vertices have titles. */
  wantTitles(arns: readonly string[]): void;
  /** See that the neighbours of these vertices are known. */
  wantSides(arns: readonly string[]): void;
  light(ids: ReadonlySet<string> | null): void;
  /** Light these for as long as nothing else is lit. */
  rest(ids: ReadonlySet<string> | null): void;
  /** Take the keyboard to a card. */
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
  let underWay = 0;
  /** Sides that are being opened. */
  let opening = new Set<string>();
  /** Stands for whoever is signed in: another object for who comes next. */
  let user = {};

  /** What walks have found that has not been told yet. */
  let untold = NOT_BEGUN;
  // Walks tell faster than large pictures can be drawn.
  const tell = throttled(100, () => {
    const found = untold;
    untold = NOT_BEGUN;
    set(({ revision, progress }) => ({ revision: revision + 1, progress: progress && sum(progress, found) }));
  });
  const forget = () => {
    sides.clear();
    set({ graph: new Graph(), coverage: UNKNOWN, arranged: null });
  };

  function callOff(): void {
    controller.abort();
    controller = new AbortController();
    underWay = 0;
    opening = new Set();
    untold = NOT_BEGUN;
    set({ progress: null });
  }

  /** Do jobs beside those under way; one that is called off leaves what it found. */
  async function work(...jobs: Job[]): Promise<void> {
    if (!jobs.length) return;
    const { signal } = controller;
    underWay++;
    set(({ progress }) => ({ progress: progress ?? NOT_BEGUN }));
    const outcomes = await Promise.allSettled(jobs.map((job) => job(signal)));
    // What was called off says no more: other work has taken its place.
    if (signal.aborted) return;
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) set({ problem: asProblem(failed.reason) });
    if (--underWay === 0) set({ progress: null });
  }

  function progressing(signal: AbortSignal): (sofar: Progress) => void {
    let before = NOT_BEGUN;
    return (now) => {
      if (signal.aborted) return;
      untold = sum(untold, { visited: now.visited - before.visited, awsCalls: now.awsCalls - before.awsCalls });
      before = now;
      tell();
    };
  }

  /** Walk, note what was left out, and tell it. */
  async function explore(asked: Asked, signal: AbortSignal): Promise<Missing> {
    const { graph, view } = get();
    const { coverage, problems } = await walk(graph, { ...asked, filter: view.filter }, progressing(signal), signal);
    const left = missing(graph, asked, coverage);
    if (signal.aborted) return left;
    set((state) => ({
      revision: state.revision + 1,
      coverage: { ...state.coverage, [asked.side]: resumed(state.coverage[asked.side], asked, left) },
      undescribed: problems[0] ?? state.undescribed,
    }));
    return left;
  }

  /** Walk the view's sides. */
  function look(): void {
    callOff();
    set({ coverage: UNKNOWN, problem: null, undescribed: null });
    const { view } = get();
    void work(
      (signal) => explore(whole(view, "up"), signal),
      (signal) => explore(whole(view, "down"), signal),
      ...opened(view),
    );
  }

  /** Walk the sides that the user opened, as far as they are not known. */
  function opened({ opened, filter }: View): Job[] {
    const isDone = (key: string) => opening.has(key) || get().graph.isExplored(...splitKey(key));
    const left = [...opened.keys()].filter((key) => !isDone(key));
    return SIDES.flatMap((side) => {
      const keys = left.filter((key) => splitKey(key)[1] === side);
      return keys.length ? [(signal: AbortSignal) => openAll(keys, side, filter, signal)] : [];
    });
  }

  /** Walk many opened sides together, for a link may hold thousands. */
  async function openAll(keys: readonly string[], side: Side, filter: Filter, signal: AbortSignal): Promise<void> {
    const hops = isFiltered(filter) ? FILTERED_HOPS : 1;
    const underWay = opening;
    for (const key of keys) underWay.add(key);
    try {
      for (let at = 0; at < keys.length; at += MOST_STARTS) {
        const start = keys.slice(at, at + MOST_STARTS).map((key) => splitKey(key)[0]);
        await explore({ start, side, hops, most: Math.min(PAGE * start.length, MOST) }, signal);
      }
    } finally {
      for (const key of keys) underWay.delete(key);
    }
  }

  /** Go on from where a side's walks were cut short, for about as many vertices as a walk finds. */
  async function goOn(side: Side, signal: AbortSignal): Promise<void> {
    const { graph } = get();
    const enough = graph.vertices.size + PAGE;
    const tried = new Set<string>();
    while (graph.vertices.size < enough) {
      const next = onward(get().coverage[side]!, tried);
      if (next === null) return;
      for (const arn of next.start) tried.add(arn);
      // A walk finds what is near before what is new.
      const known = next.start.reduce((sum, arn) => sum + graph.neighbours(arn, side).length, next.start.length);
      const left = await explore({ ...next, side, most: Math.min(known + PAGE, MOST) }, signal);
      if (signal.aborted || isEnded(left)) return;
    }
  }

  /** Walk a side again for more vertices: where a filter hides some, no other walk tells how the rest is joined. */
  function widen(side: Side, signal: AbortSignal): Promise<unknown> {
    const { coverage, view } = get();
    const most = Math.min(coverage[side]!.most + PAGE, MOST);
    set({ coverage: { ...coverage, [side]: null } });
    return explore({ ...whole(view, side), most }, signal);
  }

  function latest(): void {
    callOff();
    set({ coverage: UNKNOWN, problem: null, undescribed: null, isEmpty: false });
    void work(async (signal) => {
      const arn = await latestVertex(signal);
      if (signal.aborted) return;
      if (arn === undefined) set({ isEmpty: true });
      // Going back from there must not lead to an address that leads there again.
      else show({ ...get().view, start: [arn], depth: OVERVIEW }, (address) => history.replaceState(null, "", address));
    });
  }

  function show(view: View, note: (address: string) => void): void {
    const before = get().view;
    set(({ isEmpty }) => ({ view, isEmpty: isEmpty && !view.start.length }));
    // What is written by hand may say the same in other words.
    if (write(view) !== write(before)) note(`#${write(view)}`);
    fetchFor(before, view);
  }

  function fetchFor(before: View | null, now: View): void {
    const isElsewhere = before === null || String(before.start) !== String(now.start);
    if (!now.start.length) return isElsewhere ? latest() : undefined;
    const isRefiltered = before !== null && JSON.stringify(before.filter) !== JSON.stringify(now.filter);
    // A walk's start is shown whatever the filter says, so that another's picture must not have it.
    if (isRefiltered || (isElsewhere && isFiltered(now.filter))) forget();
    const isDeeper = before !== null && SIDES.some((side) => now.depth[side] > before.depth[side]);
    if (isElsewhere || isRefiltered || isDeeper) look();
    else if (before.opened !== now.opened) void work(...opened(now));
  }

  whenSignedOut(() => {
    const credentialWanted = credentials.kept ? "another" : (get().credentialWanted ?? "first");
    credentials.forget();
    set({ credentialWanted, isSignedIn: false });
  });

  async function entitle(arns: readonly string[], signal?: AbortSignal): Promise<void> {
    const asker = user;
    const { data, problems } = await ask(TitlesDocument, { arns }, signal);
    if (asker !== user) return;
    set((state) => ({
      titles: new Map([...state.titles, ...data.lineage.start.map((one) => [one.arn, one] as const)]),
      undescribed: problems[0] ?? state.undescribed,
    }));
    const passing = problems.find(({ code }) => code !== "FORBIDDEN");
    if (passing) throw passing;
  }

  const titles = batches(MOST_STARTS, async (arns) => {
    try {
      await entitle(arns);
    } catch (error) {
      set({ undescribed: asProblem(error) });
      throw error;
    }
  });

  const sides = batches(25, async (arns) => {
    const { graph, view } = get();
    const start = arns.filter((arn) => !SIDES.every((side) => graph.isExplored(arn, side)));
    if (!start.length || isFiltered(view.filter)) return;
    const request = { start, side: "both" as const, hops: 1, filter: view.filter, most: PAGE };
    await walk(graph, request, () => {}, new AbortController().signal);
    tell();
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
    resting: null,
    at: null,
    anchor: null,
    onPaths: [],
    retried: 0,
    arranged: null,

    go(change) {
      // Which of the paths was lit says nothing of others.
      const afresh = "path" in change ? { way: 0, alone: false } : {};
      show({ ...get().view, ...afresh, ...change }, (address) => history.pushState(null, "", address));
    },
    start(arn) {
      get().go({ ...FIRST, filter: get().view.filter, start: [arn], selected: [arn], show: get().view.show });
    },
    open(arn, side) {
      const { closed, opened } = get().view;
      const key = sideKey(side, arn);
      set({ anchor: arn });
      get().go({ closed: without(closed, key), opened: new Map(opened).set(key, opened.get(key) ?? FEW) });
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
      const goOnOrWiden = isFiltered(view.filter) ? widen : goOn;
      const cut = SIDES.filter((side) => coverage[side]?.reasons.some((reason) => reason !== "MAX_DEPTH"));
      set({ problem: null, undescribed: null });
      titles.again();
      for (const side of cut) void work((signal) => goOnOrWiden(side, signal));
    },
    cancel() {
      callOff();
    },
    retry() {
      set(({ retried }) => ({ retried: retried + 1 }));
      titles.again();
      sides.again();
      if (get().view.start.length) look();
      else latest();
    },
    reload() {
      titles.clear();
      forget();
      set({ titles: new Map() });
      fetchFor(null, get().view);
    },
    arrive(fragment) {
      show(parse(fragment), () => {});
    },
    signIn(credential) {
      credentials.keep(credential);
      set({ credentialWanted: null, isSignedIn: true });
      get().retry();
    },
    signOut() {
      user = {};
      callOff();
      credentials.forget();
      forget();
      forgetNewest();
      titles.clear();
      set({ credentialWanted: "first", isSignedIn: false, titles: new Map() });
    },
    async describe(arns, signal) {
      const without = arns.filter((arn) => !get().titles.has(arn));
      for (let at = 0; at < without.length; at += MOST_STARTS) {
        await entitle(without.slice(at, at + MOST_STARTS), signal);
      }
    },
    wantTitles: titles.want,
    wantSides: sides.want,
    light(ids) {
      set(({ resting }) => ({ lit: ids ?? resting }));
    },
    rest(ids) {
      set({ lit: ids, resting: ids });
    },
    moveTo(id) {
      set({ at: id, anchor: id });
    },
  };
});

/** How far a side is opened through what the filter hides. */
const FILTERED_HOPS = 10;

/** A side's whole walk; without a filter one hop further than is shown, which tells what lies behind. */
function whole({ start, depth, filter }: View, side: Side): Asked {
  const hops = Math.min(depth[side] + (isFiltered(filter) ? 0 : 1), MOST_HOPS);
  return { start, side, hops, most: PAGE };
}

function splitKey(key: string): [arn: string, side: Side] {
  const colon = key.indexOf(":");
  return [key.slice(colon + 1), key.slice(0, colon) as Side];
}

function without(set: ReadonlySet<string>, key: string): Set<string> {
  const left = new Set(set);
  left.delete(key);
  return left;
}

/** Show what the page's address says, now and whenever the browser goes back or forth. */
export function begin(): void {
  const { arrive, reload, retry } = useExplorer.getState();
  reload();
  addEventListener("popstate", () => arrive(location.hash));
  addEventListener("online", () => {
    const { problem, undescribed } = useExplorer.getState();
    if (problem?.code === "OFFLINE" || undescribed?.code === "OFFLINE") retry();
  });
}
