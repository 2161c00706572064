// How GraphiQL asks: queries and mutations by POST, subscriptions by WebSocket, both of the address that it has itself.
import { createGraphiQLFetcher, type Fetcher } from "@graphiql/toolkit";
import { signed } from "./credentials";

const ask = createGraphiQLFetcher({
  url: location.pathname,
  subscriptionUrl: location.origin.replace(/^http/, "ws") + location.pathname,
  enableIncrementalDelivery: false,
});

export const fetcher: Fetcher = (asked, options) => ask(asked, { ...options, headers: signed(options?.headers) });
