// Composes subgraphs. Standard input is a JSON object with their schemas by name. Prints as JSON the errors, or the
// schema that clients of the graph see.
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
