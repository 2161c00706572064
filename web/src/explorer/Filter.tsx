// The filter by kind, type and creation time: its panel and the bar with its active parts.

import "./filter.css";
import { Filter as Funnel, X } from "lucide-react";
import { type ChangeEvent, type FormEvent, useEffect, useMemo, useRef, useState } from "react";
import { Popover } from "./Popover";
import { useExplorer } from "./store";
import { type Part, kindsOf, parts, typesOf, withKind, withType } from "./filters";
import type { Graph, Vertex } from "./graph";
import { rowsOf } from "./listing";
import { KINDS } from "./names";
import type { Scene } from "./scene";
import { type Filter as Chosen, LINEAGE_TYPES, NO_FILTER, isFiltered } from "./view";

/** The id of the note that describes the depth sliders. */
export const HOPS_NOTE = "hops-note";
/** The maximum number of listed types; others can be typed in. */
const LISTED = 60;
/** No lineage is older; a year that is only partly typed is. */
const EARLIEST = "2000-01-01";
const LATEST = "9998-12-31";

const choose = (filter: Chosen): void => useExplorer.getState().go({ filter });

export function Filter({ scene }: { scene: Scene }) {
  const filter = useExplorer(({ view }) => view.filter);
  const unfiltered = useUnfiltered(scene);
  const count = parts(filter).length;
  const label = (
    <>
      <Funnel size={14} aria-hidden /> Filter{count > 0 && <span className="count">{count}</span>}
    </>
  );
  return (
    <Popover label={label} title="Filter">
      <Panel filter={filter} scene={scene} unfiltered={unfiltered} />
    </Popover>
  );
}

/** A scene without a filter. */
interface Unfiltered {
  readonly scene: Scene;
  readonly graph: Graph;
  /** The start and depth, as from `usePlace`. */
  readonly place: string;
}

/** The last scene without a filter; null if there has been a filter all the time. */
function useUnfiltered(scene: Scene): Unfiltered | null {
  const graph = useExplorer((state) => state.graph);
  const isWhole = useExplorer(({ view }) => !isFiltered(view.filter));
  const place = usePlace();
  const [kept, keep] = useState<Unfiltered | null>(null);
  useEffect(() => {
    if (isWhole) keep({ scene, graph, place });
  }, [isWhole, scene, graph, place]);
  return kept;
}

/** Two scenes with the same place differ only by their filters. */
const usePlace = (): string => useExplorer(({ view }) => JSON.stringify([view.start, view.depth]));

const verticesOf = (scene: Scene, graph: Graph): Vertex[] => rowsOf(scene, graph).map(({ vertex }) => vertex);

function Panel(props: { filter: Chosen; scene: Scene; unfiltered: Unfiltered | null }) {
  const { filter, scene, unfiltered } = props;
  const graph = useExplorer((state) => state.graph);
  const isHere = usePlace() === unfiltered?.place;
  const whole = useMemo(() => (unfiltered ? verticesOf(unfiltered.scene, unfiltered.graph) : []), [unfiltered]);
  const now = useMemo(() => verticesOf(scene, graph), [scene, graph]);
  const kinds = kindsOf(whole);
  const types = typesOf(whole, now, filter);
  const { createdAfter, createdBefore } = filter;
  const isNever = createdAfter !== "" && createdBefore !== "" && createdAfter > createdBefore;
  return (
    <div className="filter">
      <fieldset>
        <legend>Kind</legend>
        {LINEAGE_TYPES.map((kind) => (
          <Choice
            key={kind}
            label={KINDS[kind]}
            className={kind.toLowerCase()}
            count={isHere ? (kinds.get(kind) ?? 0) : null}
            isChosen={filter.lineageTypes.includes(kind)}
            choose={(isIn) => choose(withKind(filter, kind, isIn))}
          />
        ))}
      </fieldset>
      <fieldset>
        <legend>Type</legend>
        <div className="types">
          {types.slice(0, LISTED).map(({ label, type, count, isChosen }) => (
            <Choice
              key={label}
              label={label}
              className=""
              count={isHere ? count : null}
              isChosen={isChosen}
              choose={(isIn) => choose(withType(filter, type, isIn))}
            />
          ))}
        </div>
        <AnotherType add={(type) => choose(withType(filter, type, true))} />
      </fieldset>
      <fieldset className="dates">
        <legend>Created, by days in UTC</legend>
        <Day label="From" value={createdAfter} choose={(day) => choose({ ...filter, createdAfter: day })} />
        <Day label="Up to" value={createdBefore} choose={(day) => choose({ ...filter, createdBefore: day })} />
      </fieldset>
      {isNever && <p className="note">The end is before the start.</p>}
      <p className="note">Starts are always shown. Dashed edges pass over hidden vertices.</p>
      <button type="button" className="plain" aria-disabled={!isFiltered(filter)} onClick={() => choose(NO_FILTER)}>
        Clear
      </button>
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly className: string;
  readonly count: number | null;
  readonly isChosen: boolean;
  readonly choose: (isIn: boolean) => void;
}

function Choice({ label, className, count, isChosen, choose }: ChoiceProps) {
  return (
    <label className={`one ${className}`}>
      <input type="checkbox" checked={isChosen} onChange={(event) => choose(event.target.checked)} />
      <bdi title={label}>{label}</bdi>
      {count !== null && <span className="count">{count.toLocaleString("en")}</span>}
    </label>
  );
}

function AnotherType({ add }: { add: (type: string) => void }) {
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) add(text.trim());
    setText("");
  };
  return (
    <form className="another" onSubmit={submit}>
      <input
        type="text"
        aria-label="Another type"
        placeholder="Another type"
        maxLength={256}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="plain" aria-disabled={!text.trim()}>
        Add
      </button>
    </form>
  );
}

function Day({ label, value, choose }: { label: string; value: string; choose: (day: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  const day = value.slice(0, EARLIEST.length);
  // Uncontrolled, so that rendering does not reset a date that is being typed.
  useEffect(() => {
    if (field.current!.value !== day) field.current!.value = day;
  }, [day]);
  const settle = ({ target: { value, validity } }: ChangeEvent<HTMLInputElement>) => {
    if (validity.valid && value !== day) choose(value);
  };
  return (
    <label>
      {label} <input ref={field} type="date" defaultValue={day} min={EARLIEST} max={LATEST} onChange={settle} />
    </label>
  );
}

/** The bar with the parts of the filter, each of which can be removed. */
export function FilterBar() {
  const filter = useExplorer(({ view }) => view.filter);
  const bar = useRef<HTMLDivElement>(null);
  const remove = ({ without }: Part) => {
    choose(without);
    // The removed button had the focus.
    requestAnimationFrame(() => {
      const next = bar.current?.querySelector("button") ?? document.querySelector<HTMLElement>("#filter button");
      next?.focus();
    });
  };
  if (!isFiltered(filter)) return null;
  return (
    <div ref={bar} className="bar filtered" role="region" aria-label="Filter">
      <Funnel size={14} aria-hidden />
      <span>Only</span>
      {parts(filter).map((part, at) => (
        <button
          key={`${at} ${part.label}`}
          type="button"
          className="chip"
          aria-label={`Remove from the filter: ${part.label}`}
          onClick={() => remove(part)}
        >
          <bdi title={part.label}>{part.label}</bdi>
          <X size={14} aria-hidden />
        </button>
      ))}
      <button type="button" className="plain" onClick={() => remove({ label: "", without: NO_FILTER })}>
        Clear
      </button>
      <small id={HOPS_NOTE}>Hops count hidden vertices too.</small>
    </div>
  );
}
