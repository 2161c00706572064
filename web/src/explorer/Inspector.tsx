// The details of a vertex: its ARN, actions, fields and neighbours.

import { Copy, Crosshair, ExternalLink, Route, Star } from "lucide-react";
import { useEffect, useState } from "react";
import { gateway } from "../gateway";
import type { Problem } from "./api";
import { CompareButton } from "./Comparison";
import { Failed, Skeleton } from "./Fields";
import { Neighbours } from "./Neighbours";
import { copy } from "./clipboard";
import { consolePage } from "./console";
import { useEntity } from "./details";
import { useExplorer } from "./store";
import { useSaved } from "./saved";
import { type Entity, ROWS, fieldsOf, shown } from "./rows";
import type { Scene } from "./scene";
import { type Entry, entryOf } from "./matching";

export function Inspector({ arn, scene }: { arn: string; scene: Scene }) {
  const { entity, problems, isLoading, isGone, retry } = useEntity(arn);
  return (
    <>
      <Arn arn={arn} />
      <Actions arn={arn} scene={scene} entity={entity} />
      <Failed problems={problems} retry={retry} />
      {entity && <Rows entity={entity} problems={problems} />}
      {isGone && <p className="note">It no longer exists; only its place in the graph is known.</p>}
      {isLoading && <Skeleton of="details" />}
      <Neighbours arn={arn} side="up" />
      <Neighbours arn={arn} side="down" />
    </>
  );
}

function Arn({ arn }: { arn: string }) {
  const [status, setStatus] = useState("");
  useEffect(() => setStatus(""), [arn]);
  return (
    <p className="arn">
      <code>{arn}</code>
      <button type="button" className="tool" title="Copy the ARN" onClick={() => void copy(arn).then(setStatus)}>
        <Copy size={14} aria-hidden />
        <span className="unseen">Copy the ARN</span>
      </button>
      <span role="status">{status}</span>
    </p>
  );
}

/** The actions on a vertex. */
function Actions({ arn, scene, entity }: { arn: string; scene: Scene; entity: Entity | null }) {
  const entry = useEntry(arn, entity);
  const isStart = useExplorer(({ view }) => view.start.length === 1 && view.start[0] === arn);
  const isStarred = useSaved(({ starred }) => starred.some((one) => one.arn === arn));
  const { choose, toggleStar } = useSaved.getState();
  const page = gateway.demo ? null : consolePage(arn, entry?.sourceUri ?? null);
  return (
    <div className="actions">
      {!isStart && (
        <button
          type="button"
          onClick={() => {
            if (entry) choose(entry);
            useExplorer.getState().start(arn);
          }}
        >
          <Crosshair size={14} aria-hidden /> Make this the start
        </button>
      )}
      {entry && (
        <button type="button" aria-pressed={isStarred} onClick={() => toggleStar(entry)}>
          <Star size={14} aria-hidden /> {isStarred ? "Starred" : "Star"}
        </button>
      )}
      <PathsToStart arn={arn} scene={scene} />
      <CompareButton />
      {page && (
        <a href={page.href} rel="noreferrer" target="_blank">
          <ExternalLink size={14} aria-hidden /> Open {page.name} in AWS
          <span className="unseen"> (a new tab)</span>
        </a>
      )}
    </div>
  );
}

/** The vertex as an entry of lists, from its details or else from the graph. */
function useEntry(arn: string, entity: Entity | null): Entry | null {
  const vertex = useExplorer(({ graph }) => graph.vertices.get(arn));
  const title = useExplorer(({ titles }) => titles.get(arn));
  if (entity) return entryOf(entity, entity);
  return vertex ? entryOf(vertex, title) : null;
}

/** Shows the paths between the start and the vertex, in the direction of the edges. */
function PathsToStart({ arn, scene }: { arn: string; scene: Scene }) {
  const [start, ...others] = useExplorer(({ view }) => view.start);
  const distance = scene.shown.get(arn) ?? 0;
  if (start === undefined || others.length || distance === 0) return null;
  const path = distance < 0 ? ([arn, start] as const) : ([start, arn] as const);
  return (
    <button type="button" onClick={() => useExplorer.getState().go({ path })}>
      <Route size={14} aria-hidden /> {distance < 0 ? "Paths to the start" : "Paths from the start"}
    </button>
  );
}

function Rows({ entity, problems }: { entity: Entity; problems: readonly Problem[] }) {
  const rows = fieldsOf(entity).map((field) => shown(entity, field, problems));
  const [full, empty] = [rows.filter(({ content }) => content), rows.filter(({ content }) => !content)];
  const [facts, tables] = [
    full.filter(({ field }) => !ROWS[field].pairs),
    full.filter(({ field }) => ROWS[field].pairs),
  ];
  return (
    <>
      <dl className="rows">
        {facts.map(({ field, label, content }) => (
          <div key={field}>
            <dt>{label}</dt>
            <dd>{content}</dd>
          </div>
        ))}
      </dl>
      {tables.map(({ field, label, content }) => (
        <section key={field}>
          <h3>{label}</h3>
          {content}
        </section>
      ))}
      {empty.length > 0 && <p className="note">Not set: {empty.map(({ label }) => label.toLowerCase()).join(", ")}.</p>}
    </>
  );
}
