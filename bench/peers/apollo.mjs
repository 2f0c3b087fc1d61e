// Apollo Server as it comes. Arguments: the flat database.
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { createContext, resolvers, typeDefs } from './schema.mjs'

const server = new ApolloServer({ typeDefs, resolvers })
const { url } = await startStandaloneServer(server, {
  listen: { port: 0, host: '127.0.0.1' },
  context: async () => createContext(),
})
process.stdout.write(`${url.replace(/\/$/, '')}\n`)
