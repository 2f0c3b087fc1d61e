// The peers of the fan-out: graphql-ws, and the event streams of GraphQL Yoga, as they come. POST /broadcast?name=…&interval=… sends
// to all subscribers again and again, until DELETE /broadcast?name=…. Prints its URL.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { createPubSub, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'

interface Tick {
  readonly seq: number
  readonly sessionId: string
  readonly streamId: string
  readonly messageId: string
  readonly partIndex: number
  readonly offset: number
  readonly text: string
}

const pubSub = createPubSub<{ tick: [Tick] }>()
const int = { type: new GraphQLNonNull(GraphQLInt) }
const string = { type: new GraphQLNonNull(GraphQLString) }
const ids = { sessionId: string, streamId: string, messageId: string }
const tickType = new GraphQLObjectType({
  name: 'TextDelta',
  fields: { ...ids, seq: int, partIndex: int, offset: int, text: string },
})
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { tick: { type: tickType } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      followStream: {
        type: new GraphQLNonNull(tickType),
        subscribe: () => pubSub.subscribe('tick'),
        resolve: (tick) => tick,
      },
    },
  }),
})

const broadcasts = new Map<string, NodeJS.Timeout>()
const yoga = createYoga({ schema, graphqlEndpoint: '/graphql', logging: false })
const server = createServer((request, response) => {
  if (!request.url?.startsWith('/broadcast')) return void yoga(request, response)
  const { searchParams } = new URL(request.url, 'http://localhost')
  const name = searchParams.get('name') ?? ''
  if (request.method === 'DELETE') {
    clearInterval(broadcasts.get(name))
    return void response.end()
  }
  const [sessionId = '', streamId = '', messageId = ''] = ['ses', 'str', 'msg'].map(
    (type) => `${type}_${'0'.repeat(26)}`,
  )
  let seq = 0
  const publish = (): void => {
    seq += 1
    pubSub.publish('tick', { seq, sessionId, streamId, messageId, partIndex: 0, offset: seq * 5, text: 'word ' })
  }
  broadcasts.set(name, setInterval(publish, Number(searchParams.get('interval'))))
  response.end()
})
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`http://127.0.0.1:${port}\n`)
})
