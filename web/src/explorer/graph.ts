// The loaded part of the lineage graph: vertices, edges, and which vertices have all their neighbours loaded.

import type { EdgeFragment, LineageType, VertexFragment } from "../generated/graphql";

/** A side of a vertex: "up" is what it came from, "down" is what came from it. */
export type Side = "up" | "down";
export const SIDES: readonly Side[] = ["up", "down"];

export const other = (side: Side): Side => (side === "up" ? "down" : "up");

export interface Vertex {
  readonly arn: string;
  readonly lineageType: LineageType;
  readonly type: string | null;
}

export interface Edge {
  readonly id: string;
  readonly source: string;
  readonly destination: string;
  readonly associationType: EdgeFragment["associationType"];
  /** How many vertices between the two the filter hides; 0 for a real association. */
  readonly hiddenHops: number;
}

export const edgeId = (source: string, destination: string): string => `${source} ${destination}`;

export class Graph {
  readonly vertices = new Map<string, Vertex>();
  readonly edges = new Map<string, Edge>();
  private readonly sides = { up: new Map<string, string[]>(), down: new Map<string, string[]>() };
  private readonly explored = { up: new Set<string>(), down: new Set<string>() };

  add(vertices: readonly VertexFragment[], edges: readonly EdgeFragment[]): void {
    for (const vertex of vertices) {
      if (!this.vertices.has(vertex.arn)) this.vertices.set(vertex.arn, vertex);
    }
    for (const { source, destination, associationType, hiddenHops } of edges) {
      this.join({
        id: edgeId(source.arn, destination.arn),
        source: source.arn,
        destination: destination.arn,
        associationType,
        hiddenHops,
      });
    }
  }

  private join(edge: Edge): void {
    const known = this.edges.get(edge.id);
    // Another walk or path may have found a connection with fewer hidden vertices.
    if (known && known.hiddenHops <= edge.hiddenHops) return;
    this.edges.set(edge.id, edge);
    if (known) return;
    append(this.sides.down, edge.source, edge.destination);
    append(this.sides.up, edge.destination, edge.source);
  }

  /** Neighbours on one side, in the order of discovery. */
  neighbours(arn: string, side: Side): readonly string[] {
    return this.sides[side].get(arn) ?? [];
  }

  /** The edge between a vertex and a neighbour on that side. */
  between(arn: string, side: Side, neighbour: string): Edge | undefined {
    return this.edges.get(side === "down" ? edgeId(arn, neighbour) : edgeId(neighbour, arn));
  }

  /** Record that all neighbours of a vertex on that side are loaded. */
  explore(arn: string, side: Side): void {
    this.explored[side].add(arn);
  }

  isExplored(arn: string, side: Side): boolean {
    return this.explored[side].has(arn);
  }
}

/** Append a value to the list at a key of a multimap. */
export function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
