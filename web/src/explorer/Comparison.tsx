// The comparison of two vertices, and the button that begins it.

import "./comparison.css";
import { ArrowLeftRight, Columns2, EqualNot } from "lucide-react";
import { useEffect, useRef } from "react";
import { End } from "./EdgeDetails";
import { Failed, LongText, Skeleton } from "./Fields";
import { FEW, HEADINGS } from "./Neighbours";
import { type Described, useEntity } from "./details";
import { type Both, type Differences, type Row, type Section, both, differences } from "./differences";
import { SIDES } from "./graph";
import { nameOf } from "./names";
import { beginPicking, cancelPicking, usePicking } from "./picking";
import { useExplorer } from "./store";
import { useWanted } from "./wanted";

/** Begins to pick the vertex to compare the selected one with; the search lists those of the same type. */
export function CompareButton() {
  const purpose = usePicking((state) => state.purpose);
  const isOn = purpose === "comparison";
  const button = useRef<HTMLButtonElement>(null);
  const wasOn = useRef(false);
  useEffect(() => {
    if (wasOn.current && purpose === null) button.current!.focus();
    wasOn.current = isOn;
  }, [isOn, purpose]);
  const begin = () => {
    beginPicking("comparison");
    document.querySelector<HTMLElement>(".search input")?.focus();
  };
  return (
    <button ref={button} type="button" aria-pressed={isOn} onClick={isOn ? cancelPicking : begin}>
      <Columns2 size={14} aria-hidden /> Compare…
    </button>
  );
}

export function Comparison({ pair }: { pair: Both<string> }) {
  // In an order of their own, so that nothing is fetched again when they are swapped.
  const [first, second] = pair.toSorted() as [string, string];
  const [one, other] = [useEntity(first), useEntity(second)];
  const [left, right] = pair[0] === first ? [one, other] : [other, one];
  const neighbours = useNeighbours(pair);
  const found = differencesOf(left, right);
  useWanted("wantTitles", pair);
  const retry = () => [left, right].forEach((end) => end.problems.length && end.retry());
  return (
    <>
      <Failed problems={[...left.problems, ...right.problems]} retry={retry} />
      {[left, right].map(({ isGone }, at) => isGone && <Gone key={at} arn={pair[at]!} />)}
      <Compared pair={pair} found={found && { ...found, sections: [...found.sections, neighbours] }} />
      {(left.isLoading || right.isLoading) && <Skeleton of="the comparison" />}
    </>
  );
}

/** Null until both are described, at least in part. */
function differencesOf(left: Described, right: Described): Differences | null {
  const [one, other] = both([left, right], ({ entity, problems }) => entity && { entity, problems });
  return one && other && differences([one, other]);
}

/** The direct neighbours of both, as far as they are loaded. */
function useNeighbours(pair: Both<string>): Section {
  const graph = useExplorer((state) => state.graph);
  useExplorer((state) => state.revision);
  useWanted("wantSides", pair);
  const rows = SIDES.map((side): Row => {
    const [left, right] = both(pair, (arn) => graph.neighbours(arn, side));
    const isLoaded = both(pair, (arn) => graph.isExplored(arn, side));
    const [ofLeft, ofRight] = [ownFirst(left, right), ownFirst(right, left)];
    return {
      label: HEADINGS[side],
      cells: [
        { content: <Names {...ofLeft} isLoaded={isLoaded[0]} />, isNumber: false },
        { content: <Names {...ofRight} isLoaded={isLoaded[1]} />, isNumber: false },
      ],
      differs: isLoaded.every(Boolean) ? ofLeft.own + ofRight.own > 0 : null,
    };
  });
  return { label: "Neighbours", rows };
}

/** The neighbours of one, those first that the other does not have, and how many these are. */
function ownFirst(arns: readonly string[], others: readonly string[]): { arns: readonly string[]; own: number } {
  const known = new Set(others);
  const own = arns.filter((arn) => !known.has(arn));
  return { arns: [...own, ...arns.filter((arn) => known.has(arn))], own: own.length };
}

function Names({ arns, isLoaded }: { arns: readonly string[]; isLoaded: boolean }) {
  const titles = useExplorer((state) => state.titles);
  const listed = arns.slice(0, FEW);
  const named = listed.map((arn) => [nameOf(arn, titles.get(arn)), arn] as const);
  const more = arns.length - FEW;
  useWanted("wantTitles", listed);
  return (
    <ul className="facts">
      {named.toSorted().map(([name, arn]) => (
        <li key={arn} title={arn}>
          <LongText text={name} />
        </li>
      ))}
      {more > 0 && <li className="label">and {more.toLocaleString("en")} more</li>}
      {isLoaded ? !arns.length && <li className="label">none</li> : <li className="label">not all loaded</li>}
    </ul>
  );
}

function Gone({ arn }: { arn: string }) {
  const title = useExplorer(({ titles }) => titles.get(arn));
  return (
    <p className="note">
      <bdi>{nameOf(arn, title)}</bdi> no longer exists; only its place in the graph is known.
    </p>
  );
}

function Compared({ pair, found }: { pair: Both<string>; found: Differences | null }) {
  const isOnly = useExplorer(({ view }) => view.differing);
  const { go } = useExplorer.getState();
  const [left, right] = pair;
  const rows = found?.sections.flatMap((section) => section.rows) ?? [];
  return (
    <>
      <div className="actions">
        <button type="button" onClick={() => go({ compared: [right, left] })}>
          <ArrowLeftRight size={14} aria-hidden /> Swap
        </button>
        <label>
          <input type="checkbox" checked={isOnly} onChange={({ target }) => go({ differing: target.checked })} /> Only
          the differences
        </label>
        <p role="status">{found && inWords(rows)}</p>
      </div>
      <table className="compared">
        <caption className="unseen">The two vertices, member by member</caption>
        <thead>
          <tr>
            <td />
            {pair.map((arn, at) => (
              <th key={at} scope="col">
                <End arn={arn} />
              </th>
            ))}
          </tr>
        </thead>
        {found?.sections.map((section) => (
          <Rows key={section.label} section={section} isOnly={isOnly} />
        ))}
      </table>
      {found && found.unset.length > 0 && (
        <p className="note">Not set in either: {found.unset.join(", ").toLowerCase()}.</p>
      )}
    </>
  );
}

function inWords(rows: readonly Row[]): string {
  const count = (differs: Row["differs"]) => rows.filter((row) => row.differs === differs).length;
  const unknown = count(null);
  const said = count(true) ? `${count(true)} of ${rows.length} differ` : "No differences";
  return unknown ? `${said}, ${unknown} could not be compared.` : `${said}.`;
}

function Rows({ section: { label, rows }, isOnly }: { section: Section; isOnly: boolean }) {
  const shown = isOnly ? rows.filter(({ differs }) => differs !== false) : rows;
  if (!shown.length) return null;
  return (
    <tbody>
      <tr>
        <th scope="rowgroup" colSpan={3}>
          {label}
        </th>
      </tr>
      {shown.map((row, at) => (
        <Member key={at} {...row} />
      ))}
    </tbody>
  );
}

function Member({ label, cells, differs }: Row) {
  return (
    <tr className={differs ? "differs" : ""}>
      <th scope="row">
        {differs && <EqualNot className="icon" size={14} aria-hidden />}
        <LongText text={label} />
        {differs && <span className="unseen"> (differs)</span>}
      </th>
      {cells.map(({ content, isNumber }, at) => (
        <td key={at} className={isNumber ? "number" : ""}>
          {content ?? <span className="label">not set</span>}
        </td>
      ))}
    </tr>
  );
}
