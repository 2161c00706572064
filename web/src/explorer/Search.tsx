// The search box, a combobox that finds vertices by name, ARN, source URI or job.

import "./search.css";
import { Search as Glass, Star } from "lucide-react";
import { type FocusEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { Icon } from "./Icon";
import { useExplorer } from "./store";
import { type SearchResults, useSearchResults } from "./results";
import { type Saved, useSaved } from "./saved";
import { isCommand } from "./keyboard";
import { KINDS, typeOf } from "./names";
import { choose as pick, usePicking } from "./picking";
import { type Entry, reference, shortSource } from "./matching";

/** The maximum number of listed results. */
const LISTED = 50;
/** The maximum number of listed recent vertices, and of those of the same type. */
const RECENT = 8;

interface Group {
  readonly name: string;
  readonly entries: readonly Entry[];
}

export function Search() {
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState<string | null>(null);
  /** The text for which Enter was pressed, while its results are pending. */
  const [entered, setEntered] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const leave = useSlash(field);
  const results = useSearchResults(text, isOpen);
  const saved = useSaved();
  const wanted = reference(text);
  const isComparing = usePicking(({ purpose }) => purpose === "comparison");
  const alike = useAlike(results.newest);
  const groups = groupsOf(wanted, results, saved, alike);
  const options = groups.flatMap(({ name, entries }) => entries.map((entry) => ({ entry, id: optionId(name, entry) })));
  const at = options.findIndex(({ id }) => id === active);

  const change = (now: string) => {
    setText(now);
    setActive(null);
    setEntered(null);
    setOpen(true);
  };
  const choose = (entry: Entry) => {
    const { start, moveTo } = useExplorer.getState();
    change("");
    setOpen(false);
    field.current?.blur();
    saved.choose(entry);
    if (isComparing) return pick(entry.arn);
    start(entry.arn);
    moveTo(entry.arn);
  };
  const enter = () => {
    if (options[at]) return choose(options[at].entry);
    results.flush();
    setEntered(wanted);
  };
  useEffect(() => {
    if (entered === null || entered === "" || entered !== wanted || results.isWaiting) return;
    setEntered(null);
    const [first] = options;
    if (first && (results.exact === 1 || options.length === 1)) choose(first.entry);
    else setActive(first?.id ?? null);
  });
  useEffect(() => {
    if (active !== null) document.getElementById(active)?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const keys = (event: KeyboardEvent) => {
    // During IME composition, as in Japanese, Enter and arrows belong to the input method.
    if (isCommand(event) || event.nativeEvent.isComposing) return;
    const to = (index: number) => setActive(options.at(index % options.length)?.id ?? null);
    if (event.key === "ArrowDown" && isOpen) to(at + 1);
    else if (event.key === "ArrowUp" && isOpen) to(at < 0 ? -1 : at - 1);
    else if (event.key === "ArrowDown") setOpen(true);
    else if (event.key === "Enter") enter();
    else if (event.key === "Escape") {
      setOpen(false);
      leave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const left = ({ currentTarget, relatedTarget }: FocusEvent) => {
    if (!currentTarget.contains(relatedTarget)) setOpen(false);
  };

  return (
    <search className="search" onBlur={left}>
      <Glass className="glass" aria-hidden size={16} />
      <input
        ref={field}
        role="combobox"
        aria-label="Find a vertex"
        aria-expanded={isOpen && options.length > 0}
        aria-controls="found"
        aria-autocomplete="list"
        aria-activedescendant={at < 0 ? undefined : options[at]!.id}
        aria-keyshortcuts="/"
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        maxLength={2048}
        placeholder={`${isComparing ? "Compare with: name" : "Name"}, ARN, S3 URI, job, endpoint, model package`}
        value={text}
        onChange={(event) => change(event.target.value)}
        onFocus={({ target }) => {
          target.select();
          setOpen(true);
        }}
        onClick={() => setOpen(true)}
        onKeyDown={keys}
      />
      <kbd aria-hidden>/</kbd>
      {/* Pressing the mouse in the list keeps the focus in the input. */}
      <div className="found" hidden={!isOpen} onMouseDown={(event) => event.preventDefault()}>
        <div role="listbox" id="found" aria-label="Found" hidden={!options.length}>
          {groups.map(({ name, entries }) => (
            <div key={name} role="group" aria-label={name}>
              {wanted === "" && (
                <p className="group" aria-hidden>
                  {name}
                </p>
              )}
              {entries.map((entry) => (
                <Option
                  key={entry.arn}
                  id={optionId(name, entry)}
                  entry={entry}
                  isActive={active === optionId(name, entry)}
                  choose={choose}
                />
              ))}
            </div>
          ))}
        </div>
        <div className="notes" role="status">
          {isOpen && notes(wanted, results, options.length).map((note) => <p key={note}>{note}</p>)}
        </div>
      </div>
    </search>
  );
}

const optionId = (group: string, { arn }: Entry): string => `${group} ${arn}`.replaceAll(/\s/g, "_");

/** While the user picks what to compare a vertex with: the newest others of its type. */
function useAlike(newest: readonly Entry[]): readonly Entry[] {
  const arn = usePicking(({ purpose, first }) => (purpose === "comparison" ? first : null));
  const vertex = useExplorer(({ graph, titles }) => graph.vertices.get(arn ?? "") ?? titles.get(arn ?? ""));
  if (!vertex) return [];
  return newest.filter((one) => one.arn !== arn && one.lineageType === vertex.lineageType && one.type === vertex.type);
}

function groupsOf(
  wanted: string,
  { entries }: SearchResults,
  { recent, starred }: Saved,
  alike: readonly Entry[],
): Group[] {
  if (wanted !== "") return entries.length ? [{ name: "Found", entries: entries.slice(0, LISTED) }] : [];
  return [
    { name: "Newest of the same type, to compare with", entries: alike.slice(0, RECENT) },
    { name: "Starred", entries: starred },
    { name: "Recent", entries: recent.slice(0, RECENT) },
  ].filter(({ entries }) => entries.length);
}

/** The notes below the list. */
function notes(wanted: string, { entries, isCut, isWaiting, problems }: SearchResults, shown: number): string[] {
  if (wanted === "") return shown ? [] : ["Recent and starred vertices appear here, in this browser only."];
  const lines = [...new Set(problems.map(({ message }) => `Not everything could be searched. ${message}`))];
  if (isWaiting) lines.push("Searching…");
  else if (!entries.length) lines.push(`Nothing found for “${wanted}”.`);
  if (entries.length > LISTED) lines.push(`The first ${LISTED} of ${entries.length.toLocaleString("en")}.`);
  if (isCut && !isWaiting) {
    lines.push(
      "Partial names match what this page has loaded and the newest 100 of each kind. " +
        "Full names, ARNs and URIs find older ones too.",
    );
  }
  return lines;
}

function Option(props: { id: string; entry: Entry; isActive: boolean; choose: (entry: Entry) => void }) {
  const { id, entry, isActive, choose } = props;
  const { toggleStar } = useSaved.getState();
  const isStarred = useSaved(({ starred }) => starred.some(({ arn }) => arn === entry.arn));
  const source = entry.sourceUri === null ? "" : shortSource(entry.sourceUri);
  return (
    <div
      id={id}
      role="option"
      className={`option ${entry.lineageType.toLowerCase()}`}
      aria-selected={isActive}
      data-arn={entry.arn}
      title={entry.sourceUri ?? entry.arn}
      onClick={() => choose(entry)}
    >
      <Icon lineageType={entry.lineageType} type={entry.type} />
      <bdi className="name">{entry.name}</bdi>{" "}
      <span className="type">
        {typeOf(entry)}
        {entry.type && <small> · {KINDS[entry.lineageType]}</small>}
      </span>{" "}
      <bdi className="source">{source}</bdi>
      {isStarred && <span className="unseen"> starred</span>}
      {/* An option may not contain a button, so this is for the mouse; keyboard users have the drawer's. */}
      <span
        aria-hidden
        className={isStarred ? "star on" : "star"}
        title={isStarred ? "Remove the star" : "Star"}
        onClick={(event) => {
          event.stopPropagation();
          toggleStar(entry);
        }}
      >
        <Star size={16} aria-hidden />
      </span>
    </div>
  );
}

/** Focuses the input on "/", except in text fields; returns a function that restores the focus. */
function useSlash(field: { readonly current: HTMLInputElement | null }): () => void {
  const before = useRef<Element | null>(null);
  useEffect(() => {
    const slash = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "/" || isCommand(event) || isTyping(event.target)) return;
      event.preventDefault();
      before.current = document.activeElement;
      field.current?.focus();
    };
    document.addEventListener("keydown", slash);
    return () => document.removeEventListener("keydown", slash);
  }, [field]);
  return () => {
    field.current?.blur();
    if (before.current instanceof HTMLElement) before.current.focus();
    before.current = null;
  };
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("input:not([type='range'], [type='checkbox']), textarea");
}
