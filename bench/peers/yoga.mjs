// GraphQL Yoga as it comes. Arguments: the flat database.
import { createServer } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'
import { createContext, resolvers, typeDefs } from './schema.mjs'

const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), context: createContext, logging: false })
const server = createServer(yoga)
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`))
