// The files that a picture is taken away as: drawn here, or written by the gateway.

import { type GraphFormat, WrittenDocument } from "../generated/graphql";
import { asProblem, ask } from "./api";
import { useExplorer } from "./store";
import { fileName } from "./files";
import type { Side } from "./graph";
import { arrange } from "./layout/arrange";
import { MOST, PAGE } from "./missing";
import { nameOf } from "./names";
import { type Picture, picture } from "./picture";
import { png, scaleOf } from "./png";
import type { Scene } from "./scene";
import type { View } from "./view";
import { wire } from "./filters";
import { DIRECTIONS } from "./walks";

export interface Taken {
  readonly file: Blob;
  readonly name: string;
  /** What the file lacks, in words; empty where it lacks nothing. */
  readonly lack: string;
}

export interface Format {
  readonly label: string;
  readonly format: GraphFormat;
  readonly extension: string;
  readonly type: string;
}

export const FORMATS: readonly Format[] = [
  { label: "CSV", format: "CSV", extension: "csv", type: "text/csv" },
  { label: "Mermaid", format: "MERMAID", extension: "mmd", type: "text/vnd.mermaid" },
  { label: "DOT", format: "DOT", extension: "dot", type: "text/vnd.graphviz" },
  { label: "OpenLineage", format: "OPENLINEAGE", extension: "ndjson", type: "application/x-ndjson" },
];

export async function asSvg(scene: Scene, signal: AbortSignal): Promise<Taken> {
  const [{ svg }, lack] = await drawn(scene, signal);
  return { file: new Blob([svg], { type: "image/svg+xml" }), name: called("svg"), lack };
}

/** Pixels to a unit of the picture that do for paper and slides. */
const SHARP = 2;

export async function asPng(scene: Scene, signal: AbortSignal): Promise<Taken> {
  const [whole, lack] = await drawn(scene, signal);
  const scale = scaleOf(whole, Math.max(devicePixelRatio, SHARP));
  const file = await png(whole, scale);
  signal.throwIfAborted();
  const small = `It is drawn at ${Math.floor(100 * scale)} % of its size to fit; the SVG is full size.`;
  return { file, name: called("png"), lack: [lack, scale < 1 ? small : ""].filter(Boolean).join(" ") };
}

/** Draw all of a scene, with the names of all cards, and say why some lack theirs. */
async function drawn(scene: Scene, signal: AbortSignal): Promise<[Picture, lack: string]> {
  const { describe, view } = useExplorer.getState();
  const lack = await describe([...scene.cards.keys()], signal).then(
    () => "",
    (error) => `Some names are missing from it: ${asProblem(error).message}`,
  );
  signal.throwIfAborted();
  const { arranged, graph, titles } = useExplorer.getState();
  const isLaidOut = arranged?.scene === scene;
  const places = isLaidOut ? arranged.places : await arrange(scene, arranged?.places ?? new Map(), view.start[0]);
  signal.throwIfAborted();
  return [picture({ scene, places }, graph, titles), lack];
}

/** A side's walk as the gateway writes it. */
export async function asText({ format, extension, type }: Format, side: Side, signal: AbortSignal): Promise<Taken> {
  const { start, depth, filter } = useExplorer.getState().view;
  const variables = {
    start,
    direction: DIRECTIONS[side],
    maxDepth: depth[side],
    maxVertices: most(),
    filter: wire(filter),
    format,
  };
  const { data, problems } = await ask(WrittenDocument, variables, signal);
  const isCut = data.lineage.coverage.reasons.some((reason) => reason !== "MAX_DEPTH");
  const lacks = [isCut ? "It does not contain the whole walk." : "", problems[0]?.message ?? ""];
  const file = new Blob([data.lineage.export], { type: `${type};charset=utf-8` });
  return { file, name: called(extension, `${side}stream`), lack: lacks.filter(Boolean).join(" ") };
}

/** What GraphiQL is to ask for the same picture with. */
export function variablesOf({ start, depth, filter }: View): Record<string, unknown> {
  const chosen = wire(filter);
  return { start, ...depth, maxVertices: most(), ...(chosen ? { filter: chosen } : {}) };
}

/** Vertices to ask for, where more than a walk's have been loaded. */
const most = (): number => Math.min(Math.max(useExplorer.getState().graph.vertices.size, PAGE), MOST);

function called(extension: string, side = ""): string {
  const { titles, view } = useExplorer.getState();
  const start = view.start[0]!;
  return fileName(extension, nameOf(start, titles.get(start)), side);
}
