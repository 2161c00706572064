// Links that open a document in GraphiQL; it is in the fragment, which browsers do not send to servers.

export interface Linked {
  readonly query: string;
  /** As JSON. */
  readonly variables: string;
}

/** The URL of a document in GraphiQL, relative to the explorer. */
export function linkTo({ query, variables }: Linked): string {
  return `graphql#${new URLSearchParams({ query, variables })}`;
}

/** The document in a URL's fragment, if there is one. */
export function linkedIn(fragment: string): Linked | undefined {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ""));
  const query = parameters.get("query");
  return query ? { query, variables: parameters.get("variables") ?? "" } : undefined;
}
