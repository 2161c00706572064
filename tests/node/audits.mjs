// Prints what each audit of GraphQL over HTTP says of the server at the URL that is the only argument, as JSON.
import { auditServer } from 'graphql-http'

const results = await auditServer({ url: process.argv[2] })
console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))))
