// The GraphQL client: queries by POST, subscriptions as server-sent events, both to ./graphql beside the page.

import { EventSourceParserStream } from "eventsource-parser/stream";
import { credentials } from "../credentials";
import { gateway } from "../gateway";
import type { TypedDocumentString } from "../generated/graphql";

const ENDPOINT = "./graphql";

/** Why data is missing: a GraphQL error with its code, or OFFLINE. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly path: readonly (string | number)[] = [],
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem("INTERNAL", String(error));
}

export interface Answer<Data> {
  readonly data: Data;
  /** Errors of fields whose data is missing. */
  readonly problems: readonly Problem[];
}

/** Run a query; throws the first Problem if there is no data at all. */
export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Answer<Data>> {
  const response = await post(document, variables, "application/json", signal);
  return read<Data>(await json(response));
}

/** Run a subscription to its end, and call `next` for each message. */
export async function subscribe<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  next: (answer: Answer<Data>) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await post(document, variables, "text/event-stream", signal);
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    read<Data>(await json(response));
    throw new Problem("INTERNAL", "The gateway sent something other than events.");
  }
  const events = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  let isComplete = false;
  try {
    // Read to the end of the stream, or the browser would report the request as aborted.
    for (let event = await reader.read(); !event.done; event = await reader.read()) {
      if (event.value.event === "complete") isComplete = true;
      if (event.value.event === "next") next(read<Data>(JSON.parse(event.value.data)));
    }
  } catch (error) {
    throw error instanceof TypeError ? offline() : error;
  }
  if (!isComplete) throw offline();
}

async function post<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  accept: string,
  signal?: AbortSignal,
): Promise<Response> {
  const body = JSON.stringify({ query: await withPrefix(document.toString()), variables });
  const credential = credentials.headers();
  const headers = { Accept: accept, "Content-Type": "application/json", ...credential };
  let response: Response;
  try {
    response = await fetch(ENDPOINT, {
      method: "POST",
      headers,
      body,
      signal: signal ?? null,
      credentials: "same-origin",
    });
  } catch (error) {
    throw signal?.aborted ? error : offline();
  }
  if (response.status === 401 && gateway.auth !== "none") throw await refused(response, credential.Authorization);
  return response;
}

/** Why the gateway answered 401 to a request with this credential, or to one without. */
async function refused(response: Response, credential: string | undefined): Promise<Problem> {
  const reason = await json(response).then(read).catch(asProblem);
  const problem = credential && reason instanceof Problem ? reason : new Problem("UNAUTHENTICATED", "Sign in first.");
  // Ignore the 401 if the credential has changed since the request.
  if (credential === credentials.headers().Authorization) signedOut(problem);
  return problem;
}

let signedOut: (problem: Problem) => void = () => {};

/** Register what to do when the gateway asks for a credential or rejects the current one. */
export function whenSignedOut(listener: (problem: Problem) => void): void {
  signedOut = listener;
}

const SECOND_TRY_MS = 2000;

/**
 * Calls `retry` when the browser is back online, and a moment later once more, since browsers say so before requests get
 * through. Returns a function that ends this.
 */
export function whenOnline(retry: () => void): () => void {
  let later = 0;
  const begin = () => {
    retry();
    clearTimeout(later);
    later = window.setTimeout(retry, SECOND_TRY_MS);
  };
  addEventListener("online", begin);
  return () => {
    removeEventListener("online", begin);
    clearTimeout(later);
  };
}

/** The document with this gateway's prefix on the names of types and root fields. */
export async function withPrefix(document: string): Promise<string> {
  if (!gateway.prefix) return document;
  const { prefixed } = await import("../prefix");
  return prefixed(document, gateway.prefix);
}

async function json(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof TypeError) throw offline();
    // Not JSON: the response comes from a proxy in front of the gateway.
    throw new Problem("UPSTREAM_UNAVAILABLE", `The server answered with status ${response.status}.`);
  }
}

interface Wire {
  data?: unknown;
  errors?: { message: string; path?: (string | number)[]; extensions?: { code?: string; retryAfter?: number } }[];
}

function read<Data>(answer: unknown): Answer<Data> {
  const { data, errors = [] } = answer as Wire;
  const problems = errors.map(
    ({ message, path, extensions }) =>
      new Problem(extensions?.code ?? "INTERNAL", message, path, extensions?.retryAfter),
  );
  if (data === null || data === undefined) {
    throw problems[0] ?? new Problem("INTERNAL", "The gateway sent an empty response.");
  }
  return { data: data as Data, problems };
}

function offline(): Problem {
  return new Problem("OFFLINE", "The gateway cannot be reached.");
}
