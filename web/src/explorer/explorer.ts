// The explorer's state: what is looked at, what is known, what is under way; and what the user can do.

import { create } from "zustand";
import { LatestDocument, type MissingFragment, type TitlesQuery, TitlesDocument } from "../generated/graphql";
import { type Problem, asProblem, ask } from "./api";
import { batches } from "./batches";
import { Graph, type Side, SIDES } from "./graph";
import { FIRST, OVERVIEW, type View, isFiltered, parse, sideKey, write } from "./view";
import { FEW, MORE } from "./scene";
import { type Progress, type Walked, walk } from "./walks";

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
  /** What the view's walks left out on each side. */
  readonly coverage: Readonly<Record<Side, MissingFragment | null>>;
  /** Why the picture, or a part of it, could not be had. */
  readonly problem: Problem | null;
  /** The account has nothing to show. */
  readonly isEmpty: boolean;
  /** Cards to light up, with the links between them; null lights nothing. */
  readonly lit: ReadonlySet<string> | null;
  /** The card that the keyboard is at. */
  readonly at: string | null;
  /** Vertices on the paths that are shown. */
  readonly onPaths: readonly string[];

  /** Change the view, and fetch what that needs. */
  go(change: Partial<View>): void;
  /** Put a vertex in the middle. */
  start(arn: string): void;
  open(arn: string, side: Side): void;
  close(arn: string, side: Side): void;
  /** Show more siblings of a stack. */
  more(arn: string, side: Side): void;
  /** Go on where walks of that side were cut short. */
  resume(side: Side): void;
  cancel(): void;
  /** Forget what is known and ask again. */
  reload(): void;
  /** See that these vertices have titles. */
  wantTitles(arns: readonly string[]): void;
  /** See that the neighbours of these vertices are known. */
  wantSides(arns: readonly string[]): void;
  light(ids: ReadonlySet<string> | null): void;
  /** Take the keyboard to a card. */
  moveTo(id: string): void;
}

let controller = new AbortController();

export const useExplorer = create<Explorer>()((set, get) => {
  const touched = () => set(({ revision }) => ({ revision: revision + 1 }));

  /** Do walks; one that is cancelled leaves what it found. */
  async function walking(...walks: ((signal: AbortSignal) => Promise<unknown>)[]): Promise<void> {
    controller.abort();
    controller = new AbortController();
    const { signal } = controller;
    set({ progress: { visited: 0, awsCalls: 0 }, problem: null });
    try {
      await Promise.all(walks.map((one) => one(signal)));
    } catch (error) {
      if (!signal.aborted) set({ problem: asProblem(error) });
    }
    if (controller.signal === signal) set({ progress: null });
  }

  function progressing(): (sofar: Progress) => void {
    let before: Progress = { visited: 0, awsCalls: 0 };
    return (now) => {
      touched();
      set(({ progress }) =>
        progress === null
          ? {}
          : {
              progress: {
                visited: progress.visited + now.visited - before.visited,
                awsCalls: progress.awsCalls + now.awsCalls - before.awsCalls,
              },
            },
      );
      before = now;
    };
  }

  /** Walk the view's sides; without a filter one hop further than is shown, which tells what lies behind. */
  function look(): void {
    const { graph, view } = get();
    const beyond = isFiltered(view.filter) ? 0 : 1;
    void walking(
      ...SIDES.map((side) => async (signal: AbortSignal) => {
        const hops = Math.min(view.depth[side] + beyond, 100);
        noted(side, await walk(graph, { start: view.start, side, hops, filter: view.filter }, progressing(), signal));
      }),
      ...openedSides(view).map(
        ([side, arn]) =>
          (signal: AbortSignal) =>
            hop(arn, side, signal),
      ),
    );
  }

  function noted(side: Side, { coverage, problems }: Walked): void {
    touched();
    set((state) => ({ coverage: { ...state.coverage, [side]: coverage }, problem: problems[0] ?? state.problem }));
  }

  async function hop(arn: string, side: Side, signal: AbortSignal): Promise<void> {
    const { graph, view } = get();
    if (graph.isExplored(arn, side)) return;
    const hops = isFiltered(view.filter) ? FILTERED_HOPS : 1;
    await walk(graph, { start: [arn], side, hops, filter: view.filter }, touched, signal);
    graph.explore(arn, side);
    touched();
  }

  async function latest(): Promise<void> {
    set({ progress: { visited: 0, awsCalls: 0 }, problem: null });
    try {
      const { data, problems } = await ask(LatestDocument, {});
      const lists = [data.endpoints, data.models, data.trialComponents, data.artifacts, data.contexts, data.actions];
      const arn = lists.flatMap(({ nodes }) => nodes)[0]?.arn;
      if (arn !== undefined) return get().go({ start: [arn], depth: OVERVIEW });
      set({ isEmpty: problems.length === 0, problem: problems[0] ?? null });
    } catch (error) {
      set({ problem: asProblem(error) });
    }
    set({ progress: null });
  }

  function fetchFor(before: View | null, now: View): void {
    if (!now.start.length) return void latest();
    const isElsewhere = before === null || String(before.start) !== String(now.start);
    const isRefiltered = before !== null && JSON.stringify(before.filter) !== JSON.stringify(now.filter);
    if (isRefiltered) set({ graph: new Graph(), coverage: { up: null, down: null } });
    const isDeeper = before !== null && SIDES.some((side) => now.depth[side] > before.depth[side]);
    if (isElsewhere || isRefiltered || isDeeper) look();
    else for (const [side, arn] of openedSides(now)) void hop(arn, side, controller.signal).catch(failed);
  }

  function failed(error: unknown): void {
    if (!controller.signal.aborted) set({ problem: asProblem(error) });
  }

  const titles = batches(100, async (arns) => {
    const { data } = await ask(TitlesDocument, { arns });
    set((state) => ({
      titles: new Map([...state.titles, ...data.lineage.start.map((one) => [one.arn, one] as const)]),
    }));
  });

  const sides = batches(25, async (arns) => {
    const { graph, view } = get();
    const start = arns.filter((arn) => !SIDES.every((side) => graph.isExplored(arn, side)));
    if (!start.length || isFiltered(view.filter)) return;
    const request = { start, side: "both" as const, hops: 1, filter: view.filter };
    await walk(graph, request, () => {}, new AbortController().signal);
    touched();
  });

  return {
    view: parse(location.hash),
    graph: new Graph(),
    revision: 0,
    titles: new Map(),
    progress: null,
    coverage: { up: null, down: null },
    problem: null,
    isEmpty: false,
    lit: null,
    at: null,
    onPaths: [],

    go(change) {
      const before = get().view;
      const view = { ...before, ...change };
      set({ view, isEmpty: false });
      const address = `#${write(view)}`;
      if (address !== location.hash) history.pushState(null, "", address);
      fetchFor(before, view);
    },
    start(arn) {
      get().go({ ...FIRST, filter: get().view.filter, start: [arn], selected: [arn], show: get().view.show });
    },
    open(arn, side) {
      const { closed, opened } = get().view;
      const key = sideKey(side, arn);
      get().go({ closed: without(closed, key), opened: new Map(opened).set(key, opened.get(key) ?? FEW) });
    },
    close(arn, side) {
      const { closed, opened } = get().view;
      const key = sideKey(side, arn);
      const left = new Map(opened);
      left.delete(key);
      get().go({ closed: new Set(closed).add(key), opened: left });
    },
    more(arn, side) {
      const { opened } = get().view;
      const key = sideKey(side, arn);
      get().go({ opened: new Map(opened).set(key, (opened.get(key) ?? FEW) + MORE) });
    },
    resume(side) {
      const { coverage, graph, view } = get();
      const frontier = coverage[side]?.frontier.slice(0, 100) ?? [];
      if (!frontier.length) return;
      const request = { start: frontier, side, hops: Math.max(view.depth[side], 1), filter: view.filter };
      void walking(async (signal) => noted(side, await walk(graph, request, progressing(), signal)));
    },
    cancel() {
      controller.abort();
      set({ progress: null });
    },
    reload() {
      titles.clear();
      sides.clear();
      set({ graph: new Graph(), titles: new Map(), coverage: { up: null, down: null }, problem: null, isEmpty: false });
      fetchFor(null, get().view);
    },
    wantTitles: titles.want,
    wantSides: sides.want,
    light(ids) {
      set({ lit: ids });
    },
    moveTo(id) {
      set({ at: id });
    },
  };
});

/** How far a side is opened through what the filter hides. */
const FILTERED_HOPS = 10;

function openedSides(view: View): [Side, string][] {
  return [...view.opened.keys()].map((key) => {
    const colon = key.indexOf(":");
    return [key.slice(0, colon) as Side, key.slice(colon + 1)];
  });
}

function without(set: ReadonlySet<string>, key: string): Set<string> {
  const left = new Set(set);
  left.delete(key);
  return left;
}

/** Show what the page's address says, now and whenever the browser goes back or forth. */
export function begin(): void {
  useExplorer.getState().reload();
  addEventListener("popstate", () => {
    const before = useExplorer.getState().view;
    const view = parse(location.hash);
    useExplorer.setState({ view });
    if (String(before.start) !== String(view.start) || before.filter !== view.filter) useExplorer.getState().reload();
  });
}
