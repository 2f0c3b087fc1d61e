import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSchema, type GraphQLInterfaceType, isInterfaceType } from 'graphql'
import { selectEverything } from './select-everything.ts'

/** The public schema. */
export const schemaFile = join(import.meta.dirname, '..', '..', '..', 'schema.graphql')
export const schema = buildSchema(readFileSync(schemaFile, 'utf8'))

/** Every field of a type of the schema, and of the entities that it leads to, down to `depth` levels. */
function everything(typeName: string, depth: number): string {
  const type = schema.getType(typeName)
  if (!type) throw new Error(`The schema has no type ${typeName}.`)
  return selectEverything(schema, type, depth)
}

const pageInfo = `pageInfo ${everything('PageInfo', 0)}`
const messages = `{ __typename edges { __typename cursor node ${everything('Message', 2)} } ${pageInfo} }`
const event = everything('ChatEvent', 3)

/** The directive that makes Relay keep the list in one place, whatever its arguments are. */
export const relayListDirective = '@connection(key: "ConversationList_conversations", filters: [])'

/** The types of the entities that `node(id)` finds. */
export const nodeTypeNames: readonly string[] = schema.getPossibleTypes(nodeType()).map(({ name }) => name)

function nodeType(): GraphQLInterfaceType {
  const type = schema.getType('Node')
  if (!isInterfaceType(type)) throw new Error('The schema has no interface Node.')
  return type
}

/** The documents of the page, and one for each type of entity, by the names of their operations. */
export function createDocuments({ listDirective = '' } = {}): ReadonlyMap<string, string> {
  const texts = [
    `query ConversationListQuery($first: Int!, $after: String) {
      conversations(first: $first, after: $after) ${listDirective} {
        __typename edges { __typename cursor node ${everything('Conversation', 2)} } ${pageInfo} } }`,
    `query TranscriptQuery($id: ID!) {
      session(id: $id) { __typename id messages(first: 100) ${messages} transcript(first: 100) ${messages} } }`,
    `query EventsQuery($sessionId: ID!) { events(sessionId: $sessionId, first: 1000) ${event} }`,
    `query ServerQuery {
      server ${everything('Server', 1)} profiles ${everything('Profile', 2)} models ${everything('Model', 1)} }`,
    `subscription StreamChatSubscription($input: StreamChatInput!) { streamChat(input: $input) ${event} }`,
    `subscription FollowSessionSubscription($sessionId: ID!, $after: Int) {
      followSession(sessionId: $sessionId, after: $after) ${event} }`,
    `subscription FollowStreamSubscription($streamId: ID!, $after: Int) {
      followStream(streamId: $streamId, after: $after) ${event} }`,
    `subscription ConversationsChangedSubscription { conversationsChanged ${everything('ConversationChange', 3)} }`,
    `subscription ApprovalsSubscription($settledSince: DateTime!) {
      approvals(settledSince: $settledSince) ${everything('Approval', 2)} }`,
    `subscription ClarificationsSubscription($settledSince: DateTime!) {
      clarifications(settledSince: $settledSince) ${everything('Clarification', 2)} }`,
    `mutation CancelStreamMutation($streamId: ID!) {
      cancelStream(streamId: $streamId) ${everything('CancelStreamPayload', 3)} }`,
    ...nodeTypeNames.map(
      (name) =>
        `query ${name}NodeQuery($id: ID!) { node(id: $id) { __typename id ... on ${name} ${everything(name, 2)} } }`,
    ),
  ]
  return new Map(texts.map((text) => [/\w+Query|\w+Subscription|\w+Mutation/.exec(text)?.[0] ?? '', text]))
}

/** The document of an operation, in the form in which a client keeps its documents. */
export function requireDocument<T>(documents: ReadonlyMap<string, T>, name: string): T {
  const document = documents.get(name)
  if (document === undefined) throw new Error(`There is no document ${name}.`)
  return document
}
