// The pieces that details are shown in. Whatever they show is text, however it looks.

import { type ReactNode, useState } from "react";
import type { WhoFragment } from "../generated/graphql";
import type { Problem } from "./api";
import { useExplorer } from "./store";

/** A longer text is cut until all of it is wanted. */
const CUT_OVER = 240;

/** A text that may be long, hold line breaks and run in either direction. */
export function Long({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  const characters = [...text];
  if (characters.length <= CUT_OVER) return <bdi className="long">{text}</bdi>;
  return (
    <>
      <bdi className="long">{isWhole ? text : `${characters.slice(0, CUT_OVER).join("")}…`}</bdi>{" "}
      <button type="button" className="quiet" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
        {isWhole ? "show less" : `show all ${characters.length.toLocaleString()} characters`}
      </button>
    </>
  );
}

/** A moment in the user's own time, with that of the gateway behind it. */
export function Moment({ iso }: { iso: string }) {
  const moment = new Date(iso);
  return (
    <time dateTime={iso} title={iso}>
      {Number.isNaN(moment.getTime())
        ? iso
        : moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" })}
    </time>
  );
}

/** Whoever made or changed something, as far as SageMaker says. */
export function Who({ who }: { who: WhoFragment }) {
  const { userProfileName, userProfileArn, domainId, iamIdentity } = who;
  return (
    <Facts
      facts={[
        ["", userProfileName ?? userProfileArn],
        ["domain", domainId],
        ["identity", iamIdentity?.arn],
        ["principal", iamIdentity?.principalId],
        ["source identity", iamIdentity?.sourceIdentity],
      ]}
    />
  );
}

export type Fact = readonly [label: string, value: string | number | null | undefined];

/** Whether there is anything in them. */
export const isSaid = (facts: readonly Fact[]): boolean => facts.some(([, value]) => (value ?? "") !== "");

/** Short facts, each on a line of its own; those that nobody said are left out. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <ul className="facts">
      {facts
        .filter((fact) => isSaid([fact]))
        .map(([label, value], index) => (
          <li key={index}>
            {label && <span className="label">{label} </span>}
            <Long text={String(value)} />
          </li>
        ))}
    </ul>
  );
}

export type Pair = readonly [key: string, value: string | number | null, more?: string | null];

/** Keys and their values as a table. */
export function Pairs({ caption, pairs }: { caption: string; pairs: readonly Pair[] }) {
  return (
    <table className="pairs">
      <caption className="unseen">{caption}</caption>
      <tbody>
        {pairs.map(([key, value, more]) => (
          <tr key={key}>
            <th scope="row">
              <Long text={key} />
            </th>
            <td>
              {value === null ? <span className="label">no value</span> : <Long text={String(value)} />}
              {more && <div className="label">{more}</div>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const WHY: Record<string, string> = {
  FORBIDDEN: "denied",
  THROTTLED: "throttled",
  UPSTREAM_UNAVAILABLE: "AWS failed",
  DEADLINE_EXCEEDED: "took too long",
  BUDGET_EXCEEDED: "too many calls",
};

/** What stands in the place of a value that could not be had. */
export function Lacking({ problem }: { problem: Problem }): ReactNode {
  return (
    <span className="lacking" title={problem.message}>
      Missing: {WHY[problem.code] ?? "failed"}.
    </span>
  );
}

/** Where details will be, while they are on their way or wait for who asks to sign in. */
export function Skeleton({ of }: { of: string }) {
  const isSignedOut = useExplorer(({ credentialWanted }) => credentialWanted !== null);
  if (isSignedOut) return <p className="note">Sign in to see {of}.</p>;
  return (
    <div className="bones" role="status">
      <span className="unseen">Loading {of}…</span>
      {Array.from({ length: 6 }, (_, line) => (
        <span key={line} className="bone" />
      ))}
    </div>
  );
}
