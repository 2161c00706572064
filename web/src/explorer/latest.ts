// Finds the vertex that the explorer opens with.

import {
  LatestActionDocument,
  LatestArtifactDocument,
  LatestContextDocument,
  LatestEndpointDocument,
  type LatestEndpointQuery,
  type LatestEndpointQueryVariables,
  LatestModelDocument,
  LatestTrialComponentDocument,
} from "../generated/graphql";
import { type Problem, asProblem, ask } from "./api";

const LATEST = [
  LatestEndpointDocument,
  LatestModelDocument,
  LatestTrialComponentDocument,
  LatestArtifactDocument,
  LatestContextDocument,
  LatestActionDocument,
];

/** The account's latest endpoint, or else its latest model, trial component, artifact, context or action. */
export async function latestVertex(signal: AbortSignal): Promise<string | undefined> {
  let denied: Problem | null = null;
  for (const document of LATEST) {
    try {
      const { data, problems } = await ask<LatestEndpointQuery, LatestEndpointQueryVariables>(document, {}, signal);
      const arn = data.latest.nodes[0]?.arn;
      if (arn !== undefined) return arn;
      // A list that could not be read arrives as an empty one.
      if (problems[0]) throw problems[0];
    } catch (error) {
      denied = asProblem(error);
      if (denied.code !== "FORBIDDEN") throw denied;
    }
  }
  // A denied list may have entries, so the account cannot be called empty.
  if (denied) throw denied;
  return undefined;
}
