// Executes operations on a graph composed of the lineage gateway and the teams' and stewards' subgraphs. Standard input
// is JSON: the gateway's `url`, the `authorization` to read its schema with, the `prefix` of its types, and
// `operations`, each with a `query` and the caller's `authorization`. Prints as JSON the `answers`, and in `seen` the
// authorization of each request to the teams and the stewards.
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { composeServices } from '@apollo/composition'
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { graphql, parse } from 'graphql'
import { stewards, teams } from './subgraphs.mjs'

const { url, authorization, prefix, operations } = await json(process.stdin)
const seen = []
const servers = []

async function serve(name, { typeDefs, resolvers }) {
  const schema = buildSubgraphSchema({ typeDefs, resolvers })
  const server = createServer(async (request, response) => {
    seen.push([name, request.headers.authorization])
    const { query, variables } = await json(request)
    const answer = await graphql({ schema, source: query, variableValues: variables })
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  servers.push(server)
  return { name, typeDefs, url: `http://127.0.0.1:${server.address().port}/` }
}

async function lineage() {
  const body = JSON.stringify({ query: '{ _service { sdl } }' })
  const headers = { 'content-type': 'application/json', authorization }
  const response = await fetch(url, { method: 'POST', headers, body })
  const { data } = await response.json()
  return { name: 'lineage', typeDefs: parse(data._service.sdl), url }
}

class Passing extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.authorization) request.http.headers.set('authorization', context.authorization)
  }
}

const { supergraphSdl, errors } = composeServices([
  await lineage(),
  await serve('teams', teams(prefix)),
  await serve('stewards', stewards(prefix)),
])
if (errors) throw new AggregateError(errors, 'The subgraphs do not compose.')

const logger = { debug() {}, info() {}, warn() {}, error: console.error }
const router = new ApolloGateway({ supergraphSdl, logger, buildService: (service) => new Passing(service) })
const { executor } = await router.load()
const answers = []
for (const { query, authorization } of operations) {
  const context = { authorization }
  const document = parse(query)
  answers.push(await executor({ request: { query }, document, queryHash: query, context, logger, metrics: {} }))
}
await router.stop()
servers.forEach((server) => server.close().closeAllConnections())
console.log(JSON.stringify({ answers, seen }))
