// The building blocks of details. Values are always rendered as text, never as HTML.

import { type ReactNode, useState } from "react";
import type { UserFragment } from "../generated/graphql";
import type { Problem } from "./api";
import { useExplorer } from "./store";

/** Longer texts are cut until the user expands them. */
const CUT_OVER = 240;

/** A text that may be long, contain line breaks and run in either direction. */
export function LongText({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  const characters = [...text];
  if (characters.length <= CUT_OVER) return <bdi className="long">{text}</bdi>;
  return (
    <>
      <bdi className="long">{isWhole ? text : `${characters.slice(0, CUT_OVER).join("")}…`}</bdi>{" "}
      <button type="button" className="quiet" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
        {isWhole ? "show less" : `show all ${characters.length.toLocaleString("en")} characters`}
      </button>
    </>
  );
}

/** A time in the user's time zone, with the gateway's own value as the tooltip. */
export function Timestamp({ iso }: { iso: string }) {
  return (
    <time dateTime={iso} title={iso}>
      {localTime(iso)}
    </time>
  );
}

/** A time to the second, in the user's time zone. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime())
    ? iso
    : time.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
}

/** The user who created or changed something, as far as SageMaker recorded it. */
export function User({ user }: { user: UserFragment }) {
  const { userProfileName, userProfileArn, domainId, iamIdentity } = user;
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

/** Whether any of the facts has a value. */
export const hasValues = (facts: readonly Fact[]): boolean => facts.some(([, value]) => (value ?? "") !== "");

/** Facts, one per line; those without a value are omitted. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <ul className="facts">
      {facts
        .filter((fact) => hasValues([fact]))
        .map(([label, value], index) => (
          <li key={index}>
            {label && <span className="label">{label} </span>}
            <LongText text={String(value)} />
          </li>
        ))}
    </ul>
  );
}

export type Pair = readonly [key: string, value: string | number | null, more?: string | null];

/** A table of keys and values. */
export function Pairs({ caption, pairs }: { caption: string; pairs: readonly Pair[] }) {
  return (
    <table className="pairs">
      <caption className="unseen">{caption}</caption>
      <tbody>
        {pairs.map(([key, value, more]) => (
          <tr key={key}>
            <th scope="row">
              <LongText text={key} />
            </th>
            <td>
              <PairValue value={value} more={more} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What a pair has beside its key. */
export function PairValue({ value, more }: { value: Pair[1]; more: Pair[2] }) {
  return (
    <>
      {value === null ? <span className="label">no value</span> : <LongText text={String(value)} />}
      {more && <div className="label">{more}</div>}
    </>
  );
}

const WHY: Record<string, string> = {
  FORBIDDEN: "denied",
  THROTTLED: "throttled",
  UPSTREAM_UNAVAILABLE: "AWS failed",
  DEADLINE_EXCEEDED: "took too long",
  BUDGET_EXCEEDED: "too many calls",
};

/** The placeholder of a value that could not be loaded. */
export function MissingValue({ problem }: { problem: Problem }): ReactNode {
  return (
    <span className="missing-value" title={problem.message}>
      Missing: {WHY[problem.code] ?? "failed"}.
    </span>
  );
}

/** Why some details are missing, with a button to retry; nothing if there are no problems. */
export function Failed({ problems, retry }: { problems: readonly Problem[]; retry: () => void }) {
  if (!problems.length) return null;
  const messages = [...new Set(problems.map(({ message }) => message))];
  return (
    <div className="failed" role="alert">
      {messages.map((message) => (
        <p key={message}>{message}</p>
      ))}
      <button type="button" onClick={retry}>
        Ask again
      </button>
    </div>
  );
}

/** The placeholder of details that are loading, or for which the user must sign in. */
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
