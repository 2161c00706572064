// Two small subgraphs that extend the lineage gateway's types. `prefix` is the prefix of these types' names. If it is
// not empty, the teams' subgraph also has a `Project` and an `Artifact` type of its own.
import { parse } from 'graphql'

const FEDERATION = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@interfaceObject"])
scalar Arn`

const TEAMS_OWN = `
  extend type Query { project: Project! artifact: Artifact! }
  type Project { title: String! }
  type Artifact { path: String! }
`

const last = (arn) => arn.split('/').at(-1)
const same = (reference) => reference

export const teams = (prefix) => ({
  typeDefs: parse(`${FEDERATION}
    type Query {
      reviews(first: Int = 10): ReviewConnection!
      node(id: ID!): Node
    }
    interface Node { id: ID! }
    type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
    type ReviewConnection { nodes: [Review!]! pageInfo: PageInfo! }
    type Review implements Node { id: ID! verdict: String! modelPackage: ${prefix}ModelPackage }
    type ${prefix}Artifact @key(fields: "arn") { arn: Arn! owner: String }
    type ${prefix}ModelPackage @key(fields: "arn") { arn: Arn! riskReview: Review }
    type ${prefix}Project @key(fields: "arn") { arn: Arn! costCentre: String }
    ${prefix && TEAMS_OWN}`),
  resolvers: {
    Query: {
      reviews: (_, { first }) => ({
        nodes: PACKAGES.slice(0, first).map(review),
        pageInfo: { hasNextPage: first < PACKAGES.length, hasPreviousPage: false, endCursor: String(first) },
      }),
      node: (_, { id }) => PACKAGES.map(review).find((one) => one.id === id),
      ...(prefix && { project: () => ({ title: 'Churn' }), artifact: () => ({ path: 'churn/model' }) }),
    },
    [`${prefix}Artifact`]: { __resolveReference: same, owner: ({ arn }) => `owner of ${last(arn)}` },
    [`${prefix}ModelPackage`]: { __resolveReference: same, riskReview: ({ arn }) => review(arn) },
    [`${prefix}Project`]: { __resolveReference: same, costCentre: ({ arn }) => `centre of ${last(arn)}` },
  },
})

const PACKAGES = [3, 99, 1].map((version) => `arn:aws:sagemaker:us-east-1:123456789012:model-package/churn/${version}`)
const review = (arn) => ({
  __typename: 'Review',
  id: `review-${last(arn)}`,
  verdict: `review of ${last(arn)}`,
  modelPackage: { arn },
})

export const stewards = (prefix) => ({
  typeDefs: parse(`${FEDERATION}
    type Query { stewarded: [${prefix}LineageEntity!]! }
    type ${prefix}LineageEntity @key(fields: "arn") @interfaceObject { arn: Arn! steward: String }`),
  resolvers: {
    Query: { stewarded: () => [{ arn: 'arn:aws:sagemaker:us-east-1:123456789012:context/churn-production' }] },
    [`${prefix}LineageEntity`]: { __resolveReference: same, steward: ({ arn }) => `steward of ${last(arn)}` },
  },
})
