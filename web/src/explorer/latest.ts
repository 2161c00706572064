// What an account shows first.

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

/** The account's latest endpoint or, where it has none, what came last of something else. */
export async function latestVertex(signal: AbortSignal): Promise<string | undefined> {
  let denied: Problem | null = null;
  for (const document of LATEST) {
    try {
      const { data, problems } = await ask<LatestEndpointQuery, LatestEndpointQueryVariables>(document, {}, signal);
      const arn = data.latest.nodes[0]?.arn;
      if (arn !== undefined) return arn;
      // A list that could not be read is an empty one.
      if (problems[0]) throw problems[0];
    } catch (error) {
      denied = asProblem(error);
      if (denied.code !== "FORBIDDEN") throw denied;
    }
  }
  // What is denied may hold something, so that the account cannot be called empty.
  if (denied) throw denied;
  return undefined;
}
