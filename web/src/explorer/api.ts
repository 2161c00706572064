// The one way to the gateway: queries by POST, subscriptions as server-sent events, both at ./graphql beside the page.

import { EventSourceParserStream } from "eventsource-parser/stream";
import { credentials } from "../credentials";
import { gateway } from "../gateway";
import type { TypedDocumentString } from "../generated/graphql";

const ENDPOINT = "./graphql";

/** Why an answer, or a part of it, is missing: an error of the gateway's by its code, or OFFLINE. */
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
  /** Errors of fields whose data are missing. */
  readonly problems: readonly Problem[];
}

/** Ask a query; throws the first Problem where there is no data at all. */
export async function ask<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Answer<Data>> {
  const response = await post(document, variables, "application/json", signal);
  return read<Data>(await json(response));
}

/** Follow a subscription to its end, with `next` for each of its messages. */
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
    // To the very end: a request that is left before it would count as broken off.
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
  // Another credential may have been given since.
  const isCurrent = credential.Authorization === credentials.headers().Authorization;
  if (response.status === 401 && gateway.auth !== "none" && isCurrent) signedOut();
  return response;
}

let signedOut = (): void => {};

/** Have this done when the gateway wants a credential, or another than the one that it was shown. */
export function whenSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** The document as this gateway calls its types and root fields. */
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
    // What is not JSON comes from something before the gateway.
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
