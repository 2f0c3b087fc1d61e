// The part of Segue's schema that the benchmarks ask for, on the flat database, for GraphQL servers.
import DataLoader from 'dataloader'
import { openFlatDatabase } from './database.mjs'

export const typeDefs = `
  scalar DateTime
  type Query {
    sessions(first: Int!): SessionConnection!
    conversations(first: Int!): ConversationConnection!
  }
  type SessionConnection { edges: [SessionEdge!]! }
  type SessionEdge { node: Session! }
  type Session {
    id: ID!
    title: String
    source: String!
    origin: String!
    model: String
    startedAt: DateTime!
    lastActivityAt: DateTime!
    messageCount: Int!
    pinned: Boolean!
    archived: Boolean!
    lineageRoot: Session!
    segmentCount: Int!
  }
  type ConversationConnection { edges: [ConversationEdge!]! }
  type ConversationEdge { node: Conversation! }
  type Conversation {
    id: ID!
    title: String
    lastActivityAt: DateTime!
    segmentCount: Int!
    pinned: Boolean!
    archived: Boolean!
    tip: Session!
  }
`

const database = openFlatDatabase(process.argv[2])
const toEdges = (nodes) => ({ edges: nodes.map((node) => ({ node })) })

/** Whether the selection of a page asks for the lineage, as a resolver that reads only what it needs does. */
const asksForLineage = (info) =>
  info.fieldNodes[0].selectionSet.selections[0].selectionSet.selections[0].selectionSet.selections.some(
    ({ name }) => name.value === 'lineageRoot',
  )

export const resolvers = {
  Query: {
    sessions: (_, { first }, __, info) =>
      toEdges(asksForLineage(info) ? database.listLinks(first) : database.listSessions(first)),
    conversations: (_, { first }) => toEdges(database.listConversations(first)),
  },
  Session: {
    lineageRoot: async (row, _, { lineages }) => (await lineages.load(row)).lineageRoot,
    segmentCount: async (row, _, { lineages }) => (await lineages.load(row)).segmentCount,
  },
}

/** The context of one request. */
export const createContext = () => ({
  lineages: new DataLoader(async (rows) => database.findLineages(rows)),
})
