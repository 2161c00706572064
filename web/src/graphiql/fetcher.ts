// GraphiQL's fetcher: queries and mutations by POST, subscriptions by WebSocket, both to the page's own URL.
import { createGraphiQLFetcher, type Fetcher, isAsyncIterable } from "@graphiql/toolkit";
import { signed } from "./credentials";

const send = createGraphiQLFetcher({
  url: location.pathname,
  subscriptionUrl: location.origin.replace(/^http/, "ws") + location.pathname,
  enableIncrementalDelivery: false,
  fetch: fetchJson,
});

export const fetcher: Fetcher = async (params, options) => {
  const result = await send(params, { ...options, headers: signed(options?.headers) });
  if (isAsyncIterable(result)) explain(result as AsyncIterableIterator<unknown>);
  return result;
};

/** Fetches a response, and says why there is none in JSON. */
async function fetchJson(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request).catch(() => {
    throw failure("The gateway cannot be reached.");
  });
  if (/json/.test(response.headers.get("content-type") ?? "")) return response;
  // The response comes from a proxy in front of the gateway.
  throw failure(`The server answered with status ${response.status}.`);
}

/** Replaces the error of a WebSocket: the event of one that could not be opened has no message. */
function explain(messages: AsyncIterableIterator<unknown>): void {
  const end = messages.throw!.bind(messages);
  // The toolkit calls this on an error, and ignores the promise it returns; readers get the error all the same.
  messages.throw = (error: unknown) =>
    end(error instanceof Event ? failure(NO_WEBSOCKET) : error instanceof Error ? failure(error.message) : error).catch(
      () => ({ done: true, value: undefined }),
    );
}

const NO_WEBSOCKET =
  "No WebSocket to the gateway could be opened: it cannot be reached, or a proxy in between blocks WebSockets.";

/** A plain object like a GraphQL error: of an Error, GraphiQL would show the stack. */
const failure = (message: string) => ({ message });
