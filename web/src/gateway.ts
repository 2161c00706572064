// The gateway's configuration for its pages, which it writes into a script block of the page (gateway/http/pages.py).

export interface Gateway {
  /** The prefix of the names of types and root fields (GATEWAY_TYPE_PREFIX). */
  readonly prefix: string;
  /** How callers authenticate (GATEWAY_AUTH). */
  readonly auth: "none" | "api-key" | "jwt";
  /** Whether the gateway serves the demo account. */
  readonly demo: boolean;
  /** Whether GraphiQL is available (it is not under the production profile). */
  readonly graphiql: boolean;
}

const json = document.getElementById("gateway")?.textContent ?? "{}";

export const gateway: Gateway = {
  prefix: "",
  auth: "none",
  demo: false,
  graphiql: true,
  ...(JSON.parse(json) as Partial<Gateway>),
};
