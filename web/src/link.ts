// Links that open a document in GraphiQL. It is in the fragment, which browsers send to no server.

export interface Linked {
  readonly query: string;
  /** As JSON. */
  readonly variables: string;
}

/** The address of a document in GraphiQL, from the page beside it. */
export function linkTo({ query, variables }: Linked): string {
  return `graphql#${new URLSearchParams({ query, variables })}`;
}

/** What an address's fragment holds, if it is a document. */
export function linkedIn(fragment: string): Linked | undefined {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const query = said.get("query");
  return query ? { query, variables: said.get("variables") ?? "" } : undefined;
}
