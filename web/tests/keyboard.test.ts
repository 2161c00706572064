import { expect, it } from "vitest";
import { type Arrow, isArrow, next } from "../src/explorer/keyboard";
import { sceneOf } from "./graphs";

//  a ── b ── d
//    ╲  c    e      (d is linked with b, e with nothing)
const PLACES = new Map([
  ["a", { x: 0, y: 0 }],
  ["b", { x: 300, y: 0 }],
  ["c", { x: 300, y: 100 }],
  ["d", { x: 600, y: 0 }],
  ["e", { x: 600, y: 100 }],
]);
const SCENE = sceneOf(
  [...PLACES.keys()],
  [
    ["a", "b"],
    ["a", "c"],
    ["b", "d"],
  ],
);
const go = (from: string, arrow: Arrow) => next(SCENE, PLACES, from, arrow);

it("moves sideways along links", () => {
  expect(go("a", "ArrowRight")).toBe("b");
  expect(go("c", "ArrowLeft")).toBe("a");
  expect(go("d", "ArrowLeft")).toBe("b");
});

it("moves sideways to the nearest card if none is linked", () => {
  expect(go("c", "ArrowRight")).toBe("e");
  expect(go("e", "ArrowLeft")).toBe("c");
});

it("moves up and down within the column", () => {
  expect(go("b", "ArrowDown")).toBe("c");
  expect(go("e", "ArrowUp")).toBe("d");
});

it("stays if there is no card in that direction", () => {
  expect(go("a", "ArrowLeft")).toBeNull();
  expect(go("b", "ArrowUp")).toBeNull();
  expect(next(SCENE, PLACES, "nowhere", "ArrowUp")).toBeNull();
});

it("never moves to a card without a place", () => {
  const more = sceneOf([...PLACES.keys(), "new"], [["d", "new"]]);
  expect(next(more, PLACES, "d", "ArrowRight")).toBeNull();
});

it("tells arrows from other keys", () => {
  expect(isArrow("ArrowUp")).toBe(true);
  expect(isArrow("Enter")).toBe(false);
});
