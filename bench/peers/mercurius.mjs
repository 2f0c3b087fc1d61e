// Mercurius on Fastify, with compiled execution. Arguments: the flat database.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { createContext, resolvers, typeDefs } from './schema.mjs'

const app = Fastify()
app.register(mercurius, { schema: typeDefs, resolvers, jit: 1, context: createContext })
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}\n`)
