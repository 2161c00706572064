// How GraphiQL asks: queries and mutations by POST, subscriptions by WebSocket, both of the address that it has itself.
import { createGraphiQLFetcher, type Fetcher, isAsyncIterable } from "@graphiql/toolkit";
import { signed } from "./credentials";

const ask = createGraphiQLFetcher({
  url: location.pathname,
  subscriptionUrl: location.origin.replace(/^http/, "ws") + location.pathname,
  enableIncrementalDelivery: false,
});

export const fetcher: Fetcher = async (asked, options) => {
  const answer = await ask(asked, { ...options, headers: signed(options?.headers) });
  if (isAsyncIterable(answer)) explain(answer as AsyncIterableIterator<unknown>);
  return answer;
};

/** Have the messages of a socket that could not be opened end in words, for its event has none. */
function explain(messages: AsyncIterableIterator<unknown>): void {
  const end = messages.throw!.bind(messages);
  // The toolkit throws there what ends them, and leaves alone what comes of that: whoever reads them is told anyhow.
  messages.throw = (error: unknown) =>
    end(error instanceof Event ? UNOPENED : error).catch(() => ({ done: true, value: undefined }));
}

/** As an error of an answer; of an Error, GraphiQL would show the stack. */
const UNOPENED = {
  message:
    "No WebSocket to the gateway could be opened: it cannot be reached, or a proxy in between blocks WebSockets.",
};
