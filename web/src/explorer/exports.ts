// Exports the picture, drawn here, and the walk, written by the gateway, as files.

import { type GraphFormat, ExportDocument } from "../generated/graphql";
import { asProblem, ask } from "./api";
import { useExplorer } from "./store";
import { fileName } from "./files";
import type { Side } from "./graph";
import { arrange } from "./layout/arrange";
import { MAX_VERTICES, PAGE } from "./missing";
import { nameOf } from "./names";
import { type Picture, picture } from "./picture";
import { png, scaleOf } from "./png";
import type { Scene } from "./scene";
import type { View } from "./view";
import { toFilterInput } from "./filters";
import { DIRECTIONS } from "./walks";

export interface ExportFile {
  readonly file: Blob;
  readonly name: string;
  /** What is missing from the file; empty if nothing is. */
  readonly warning: string;
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

export async function asSvg(scene: Scene, signal: AbortSignal): Promise<ExportFile> {
  const [{ svg }, warning] = await draw(scene, signal);
  return { file: new Blob([svg], { type: "image/svg+xml" }), name: exportName("svg"), warning };
}

/** Pixels per unit of the picture: enough for print and slides. */
const MIN_SCALE = 2;

export async function asPng(scene: Scene, signal: AbortSignal): Promise<ExportFile> {
  const [drawn, warning] = await draw(scene, signal);
  const scale = scaleOf(drawn, Math.max(devicePixelRatio, MIN_SCALE));
  const file = await png(drawn, scale);
  signal.throwIfAborted();
  const small = `It is drawn at ${Math.floor(100 * scale)} % of its size to fit; the SVG is full size.`;
  return { file, name: exportName("png"), warning: [warning, scale < 1 ? small : ""].filter(Boolean).join(" ") };
}

/** Draw a scene after fetching the names of all its cards; the warning says why some are missing. */
async function draw(scene: Scene, signal: AbortSignal): Promise<[Picture, warning: string]> {
  const { describe, view } = useExplorer.getState();
  const warning = await describe([...scene.cards.keys()], signal).then(
    () => "",
    (error) => `Some names are missing from it: ${asProblem(error).message}`,
  );
  signal.throwIfAborted();
  const { arranged, graph, titles } = useExplorer.getState();
  const isLaidOut = arranged?.scene === scene;
  const places = isLaidOut ? arranged.places : await arrange(scene, arranged?.places ?? new Map(), view.start[0]);
  signal.throwIfAborted();
  return [picture({ scene, places }, graph, titles), warning];
}

/** A side's walk in one of the gateway's formats. */
export async function asText(
  { format, extension, type }: Format,
  side: Side,
  signal: AbortSignal,
): Promise<ExportFile> {
  const { start, depth, filter } = useExplorer.getState().view;
  const variables = {
    start,
    direction: DIRECTIONS[side],
    maxDepth: depth[side],
    maxVertices: maxVertices(),
    filter: toFilterInput(filter),
    format,
  };
  const { data, problems } = await ask(ExportDocument, variables, signal);
  const isCut = data.lineage.coverage.reasons.some((reason) => reason !== "MAX_DEPTH");
  const warnings = [isCut ? "It does not contain the whole walk." : "", problems[0]?.message ?? ""];
  const file = new Blob([data.lineage.export], { type: `${type};charset=utf-8` });
  return { file, name: exportName(extension, `${side}stream`), warning: warnings.filter(Boolean).join(" ") };
}

/** The variables of around.graphql that query the same lineage in GraphiQL. */
export function variablesOf({ start, depth, filter }: View): Record<string, unknown> {
  const chosen = toFilterInput(filter);
  return { start, ...depth, maxVertices: maxVertices(), ...(chosen ? { filter: chosen } : {}) };
}

/** A page, or as many vertices as have been loaded if these are more. */
const maxVertices = (): number => Math.min(Math.max(useExplorer.getState().graph.vertices.size, PAGE), MAX_VERTICES);

function exportName(extension: string, side = ""): string {
  const { titles, view } = useExplorer.getState();
  const start = view.start[0]!;
  return fileName(extension, nameOf(start, titles.get(start)), side);
}
