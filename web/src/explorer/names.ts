// Display names of vertices, kinds, types, associations and stacks.

import type { AssociationType, LineageType, NamedFragment } from "../generated/graphql";
import type { Vertex } from "./graph";
import type { Stack } from "./scene";

export const KINDS: Record<LineageType, string> = {
  ARTIFACT: "artifact",
  CONTEXT: "context",
  ACTION: "action",
  TRIAL_COMPONENT: "trial component",
};

export const ASSOCIATIONS: Record<AssociationType, string> = {
  CONTRIBUTED_TO: "contributed to",
  ASSOCIATED_WITH: "associated with",
  DERIVED_FROM: "was derived into",
  PRODUCED: "produced",
  SAME_AS: "same as",
};

/** A vertex's name: its own, else the last part of its source URI, else of its ARN. */
export function nameOf(arn: string, title: NamedFragment | undefined): string {
  const given = [title && "displayName" in title ? title.displayName : null, title?.name];
  return [...given, ending(title?.sourceUri), ending(arn)].find(isSeen) ?? arn;
}

/** Whether a text has anything but whitespace. */
const isSeen = (text: string | null | undefined): text is string => /\S/.test(text ?? "");

const ending = (uri: string | null | undefined): string | undefined => uri?.split(/[/:]/).findLast(isSeen);

/** A vertex's type in words, else its kind. */
export const typeOf = ({ type, lineageType }: Vertex): string => (type ? typeInWords(type) : KINDS[lineageType]);

/** `SageMakerTrainingJob` and `TrainingJob` are both "Training Job". */
export function typeInWords(type: string): string {
  return /^[A-Z][A-Za-z]+$/.test(type) ? type.replace(/^SageMaker/, "").replace(/(?<=[a-z])(?=[A-Z])/g, " ") : type;
}

/** The name of a stack, given its first member. */
export function nameOfStack({ of, shown, total }: Stack, first: Vertex | undefined): string {
  if (of === null) return `${total.toLocaleString("en")} × ${first ? typeOf(first) : ""}`;
  return `${shown} of ${total.toLocaleString("en")} shown`;
}
