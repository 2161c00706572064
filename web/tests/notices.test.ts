import { describe, expect, test } from "vitest";
import type { IncompleteReason } from "../src/generated/graphql";
import type { Problem } from "../src/explorer/api";
import { Graph } from "../src/explorer/graph";
import type { Missing } from "../src/explorer/missing";
import { type NoticeState, notices } from "../src/explorer/notices";
import { draw } from "../src/explorer/scene";
import { DEFAULT_VIEW, NO_FILTER } from "../src/explorer/view";

const problem = (code: string, message: string, retryAfter?: number) =>
  ({ code, message, retryAfter, path: [] }) as unknown as Problem;
const left = (reasons: IncompleteReason[] = [], frontier: [string, number][] = [], maxVertices = 2000): Missing => ({
  reasons,
  frontier: new Map(frontier),
  maxVertices,
});
const WHOLE = { up: left(), down: left() };
const FILTERED = { ...DEFAULT_VIEW, start: ["a"], filter: { ...NO_FILTER, types: ["Model"] } };

/** The notices for a start with a number of neighbours. */
function told(known: Partial<NoticeState>, neighbours = 1) {
  const graph = new Graph();
  const vertex = (arn: string) => ({ arn, lineageType: "ARTIFACT" as const, type: null });
  graph.add(
    [vertex("a"), ...Array.from({ length: neighbours }, (_, at) => vertex(`n${at}`))],
    Array.from({ length: neighbours }, (_, at) => ({
      source: { arn: "a" },
      destination: { arn: `n${at}` },
      associationType: null,
      hiddenHops: 0,
    })),
  );
  const view = { ...DEFAULT_VIEW, start: ["a"] };
  const all: NoticeState = {
    view,
    graph,
    progress: null,
    coverage: WHOLE,
    problem: null,
    undescribed: null,
    credentialWanted: null,
    isEmpty: false,
    ...known,
  };
  return notices(all, draw(all.graph, all.view));
}

const titles = (...given: Parameters<typeof told>) => told(...given).map(({ title }) => title);
const remedies = (...given: Parameters<typeof told>) =>
  told(...given).flatMap(({ remedies }) => remedies.map(([one]) => one));

describe("there is no notice", () => {
  test("about a complete graph", () => expect(told({})).toEqual([]));
  test("about the depth, which the user chose", () =>
    expect(told({ coverage: { up: left(["MAX_DEPTH"]), down: left(["MAX_DEPTH"]) } })).toEqual([]));
  test("while a credential is wanted", () =>
    expect(told({ credentialWanted: "first", problem: problem("UNAUTHENTICATED", "?") })).toEqual([]));
  test("about a walk that has not ended", () =>
    expect(told({ progress: { visited: 0, awsCalls: 0 }, coverage: { up: null, down: null } })).toEqual([]));
});

describe("a walk that was cut short", () => {
  const cut = (reasons: IncompleteReason[], maxVertices?: number): Partial<NoticeState> => ({
    coverage: { up: left(), down: left(reasons, [["n0", 1]], maxVertices) },
  });

  test.each<[IncompleteReason, RegExp, string[]]>([
    ["ACCESS_DENIED", /denies/, []],
    ["THROTTLED", /throttled the calls/, ["resume"]],
    ["UPSTREAM_ERROR", /failed/, ["resume"]],
    ["DANGLING", /have been deleted/, []],
    ["CALL_BUDGET", /calls/, ["resume"]],
    ["DEADLINE", /ran out of time/, ["resume"]],
    ["MAX_VERTICES", /more vertices/, ["resume"]],
  ])("by %s has its own notice", (reason, words, does) => {
    const [notice] = told(cut([reason]));
    expect(notice!.lines).toEqual([expect.stringMatching(words)]);
    expect(remedies(cut([reason]))).toEqual(does);
  });

  test("says which side", () => {
    expect(titles(cut(["THROTTLED"]))).toEqual(["Something is missing downstream"]);
    const both = { up: left(["THROTTLED"]), down: left(["THROTTLED"]) };
    expect(titles({ coverage: both })).toEqual(["Something is missing"]);
  });

  test("does not offer to continue without a frontier", () => {
    expect(remedies({ coverage: { up: left(), down: left(["MAX_VERTICES"]) } })).toEqual([]);
  });

  test("suggests a filter if there are too many vertices", () => {
    expect(remedies(cut(["MAX_VERTICES"]), 10_000)).toEqual(["filter"]);
    expect(told(cut(["MAX_VERTICES"]), 10_000)[0]!.lines.at(-1)).toMatch("More than 10,000");
  });

  test("suggests a closer start if a filter does not help", () => {
    expect(remedies({ ...cut(["MAX_VERTICES"], 10_000), view: FILTERED })).toEqual([]);
    expect(told({ ...cut(["MAX_VERTICES"], 10_000), view: FILTERED })[0]!.lines.at(-1)).toMatch("start closer");
    expect(remedies({ ...cut(["MAX_VERTICES"], 8000), view: FILTERED })).toEqual(["resume"]);
  });
});

describe("other notices", () => {
  test("a start that does not exist", () => {
    const gone = { up: left(["DANGLING"]), down: left(["DANGLING"]) };
    expect(titles({ graph: new Graph(), coverage: gone })).toEqual(["There is no such vertex"]);
  });
  test("an empty account", () => {
    const empty = { view: DEFAULT_VIEW, graph: new Graph(), coverage: { up: null, down: null }, isEmpty: true };
    expect(titles(empty)).toEqual(["There is no lineage here yet"]);
  });
  test("a cancelled walk", () => {
    expect(titles({ coverage: { up: null, down: left() } })).toEqual(["Stopped"]);
  });
  test("a filter that nothing matches", () => {
    const none = { view: FILTERED, coverage: { up: left(["MAX_DEPTH"]), down: left() } };
    expect(remedies(none, 0)).toEqual(["clear", "deeper"]);
    expect(remedies({ ...none, coverage: WHOLE }, 0)).toEqual(["clear"]);
  });
  test("a grouped scene", () => {
    const many = told({ view: { ...DEFAULT_VIEW, start: ["a"], opened: new Map([["down:a", 2000]]) } }, 1600);
    expect(many.map(({ title }) => title)).toEqual(["1,601 vertices are drawn as groups"]);
    expect(many[0]!.remedies.map(([one]) => one)).toEqual(["filter"]);
  });
  test("a vertex with no association", () => expect(titles({}, 0)).toEqual(["Nothing is associated with it"]));
  test("titles that could not be loaded", () => {
    const undescribed = problem("FORBIDDEN", "AWS denies the gateway DescribeArtifact here.");
    expect(told({ undescribed })[0]!.lines).toEqual([
      undescribed.message,
      "The gateway's operator can say why, and change it.",
    ]);
    expect(titles({ undescribed, coverage: { up: left(["ACCESS_DENIED"]), down: left() } })).toEqual([
      "Something is missing upstream",
    ]);
  });
});

describe("a problem", () => {
  test.each([
    ["OFFLINE", "The gateway cannot be reached", ["retry"]],
    ["THROTTLED", "Too many requests", ["retry"]],
    ["FORBIDDEN", "Access denied", ["retry"]],
    ["UPSTREAM_UNAVAILABLE", "Service unavailable", ["retry"]],
    ["DEADLINE_EXCEEDED", "This took too long", ["retry"]],
    ["BUDGET_EXCEEDED", "This exceeds a limit of the gateway", ["filter"]],
    ["BAD_USER_INPUT", "This link is not valid", ["latest"]],
    ["INTERNAL", "Something went wrong", ["retry"]],
    ["ANY_OTHER", "Something went wrong", ["retry"]],
  ])("with the code %s has its own title, and the gateway's message", (code, title, does) => {
    const known = { problem: problem(code, "said"), graph: new Graph(), coverage: { up: null, down: null } };
    expect(titles(known)).toEqual([title]);
    expect(told(known)[0]!.lines[0]).toBe("said");
    expect(remedies(known)).toEqual(does);
  });

  test("repeats no sentence", () => {
    const { title, lines } = told({ problem: problem("OFFLINE", "The gateway cannot be reached.") })[0]!;
    expect([title, ...lines]).toEqual(["The gateway cannot be reached", expect.stringContaining("tries again")]);
  });
});
