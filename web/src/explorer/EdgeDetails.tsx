// The details of an edge: its ends, and its associations or the number of vertices that the filter hides.

import { ArrowDown } from "lucide-react";
import { BetweenDocument, type BetweenQuery } from "../generated/graphql";
import { ask } from "./api";
import { Failed, Skeleton, Timestamp, User } from "./Fields";
import { Icon } from "./Icon";
import { useDetails } from "./details";
import { useExplorer } from "./store";
import { edgeId } from "./graph";
import { ASSOCIATIONS, nameOf, typeOf } from "./names";
import { NO_FILTER } from "./view";
import { useWanted } from "./wanted";

export interface Ends {
  readonly source: string;
  readonly destination: string;
}

export function EdgeDetails({ source, destination }: Ends) {
  const hidden = useExplorer(({ graph }) => graph.edges.get(edgeId(source, destination))?.hiddenHops ?? 0);
  useWanted("wantTitles", [source, destination]);
  return (
    <>
      <div className="ends">
        <End role="From" arn={source} />
        <ArrowDown size={16} aria-hidden />
        <End role="To" arn={destination} />
      </div>
      {hidden > 0 ? (
        <Hidden source={source} destination={destination} count={hidden} />
      ) : (
        <Associations source={source} destination={destination} />
      )}
    </>
  );
}

/** A vertex by its name, which shows it in the drawer; `role` says which one it is, for screen readers. */
export function End({ role, arn }: { role?: string; arn: string }) {
  const vertex = useExplorer(({ graph }) => graph.vertices.get(arn));
  const title = useExplorer(({ titles }) => titles.get(arn));
  const known = vertex ?? title;
  return (
    <p className={known?.lineageType.toLowerCase()}>
      {role && <span className="unseen">{role} </span>}
      {known && <Icon lineageType={known.lineageType} type={known.type} />}
      <button type="button" className="name" title={arn} onClick={() => useExplorer.getState().go({ selected: [arn] })}>
        <bdi>{nameOf(arn, title)}</bdi>
      </button>
      {known && <span className="label">{typeOf(known)}</span>}
    </p>
  );
}

function Hidden({ source, destination, count }: Ends & { count: number }) {
  const { go } = useExplorer.getState();
  return (
    <>
      <p>
        The filter hides {count === 1 ? "a vertex" : `at least ${count.toLocaleString("en")} vertices`} between the two.
        They are joined all the same.
      </p>
      <div className="actions">
        <button type="button" onClick={() => go({ filter: NO_FILTER })}>
          Clear the filter
        </button>
        <button type="button" onClick={() => go({ path: [source, destination] })}>
          Show the paths between them
        </button>
      </div>
    </>
  );
}

function Associations({ source, destination }: Ends) {
  const { answer, problem, retry } = useDetails(edgeId(source, destination), (signal) =>
    ask(BetweenDocument, { source, destination }, signal),
  );
  const problems = problem ? [problem] : (answer?.problems ?? []);
  const found = answer?.data.associations.nodes ?? [];
  if (!answer && !problem) return <Skeleton of="the association" />;
  return (
    <>
      <Failed problems={problems} retry={retry} />
      {found.map((association) => (
        <Association key={association.id} {...association} />
      ))}
      {answer && !found.length && !problems.length && (
        <p className="note">There is no direct association between them.</p>
      )}
    </>
  );
}

type AssociationProps = BetweenQuery["associations"]["nodes"][number];

function Association({ type, creationTime, createdBy }: AssociationProps) {
  return (
    <dl className="rows">
      <div>
        <dt>Association</dt>
        <dd>{type ? ASSOCIATIONS[type] : "of no type"}</dd>
      </div>
      {creationTime && (
        <div>
          <dt>Created</dt>
          <dd>
            <Timestamp iso={creationTime} />
          </dd>
        </div>
      )}
      {createdBy && (
        <div>
          <dt>Created by</dt>
          <dd>
            <User user={createdBy} />
          </dd>
        </div>
      )}
    </dl>
  );
}
