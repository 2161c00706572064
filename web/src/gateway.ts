// What the gateway says of itself to its pages, in a block of the page that it fills in (gateway/http/pages.py).

export interface Gateway {
  /** What the names of types and root fields begin with (GATEWAY_TYPE_PREFIX). */
  readonly prefix: string;
  /** How callers sign in (GATEWAY_AUTH). */
  readonly auth: "none" | "api-key" | "jwt";
  /** Whether the account is the made-up one. */
  readonly demo: boolean;
  /** Whether there is a GraphiQL (not under the production profile). */
  readonly graphiql: boolean;
}

const said = document.getElementById("gateway")?.textContent ?? "{}";

export const gateway: Gateway = {
  prefix: "",
  auth: "none",
  demo: false,
  graphiql: true,
  ...(JSON.parse(said) as Partial<Gateway>),
};
