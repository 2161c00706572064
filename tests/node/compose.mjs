// Composes subgraphs, given as a JSON object of their schemas by name on standard input, and prints as JSON either the
// errors or the schema that clients of the graph see.
import { text } from 'node:stream/consumers'
import { composeServices } from '@apollo/composition'
import { parse, printSchema } from 'graphql'

const given = Object.entries(JSON.parse(await text(process.stdin)))
const { schema, errors = [] } = composeServices(given.map(([name, sdl]) => ({ name, typeDefs: parse(sdl) })))
console.log(
  JSON.stringify({
    errors: errors.map(({ message, extensions }) => ({ code: extensions.code, message })),
    schema: schema && printSchema(schema.toAPISchema().toGraphQLJSSchema()),
  }),
)
