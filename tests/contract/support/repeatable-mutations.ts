import { z } from 'zod'
import type { Client } from './clients.ts'

/** A mutation with a call that can be made and repeated. */
export interface RepeatableMutation {
  /** The declarations of the variables of `call`, without `$key`. */
  readonly declarations: string
  /** The field with its arguments, one of which is `$key`. */
  readonly call: string
  /** Selects what is the same in every repetition. Empty for a scalar. */
  readonly selection: string
  /** Prepares a call, and returns its variables. */
  readonly arrange: (client: Client) => Promise<Readonly<Record<string, unknown>>>
  /** Variables that make it another call. Empty where that takes other ids. */
  readonly change: Readonly<Record<string, unknown>>
  /** The deletion of what the call created or changed, after which it is NOT_FOUND. Left out for deletions. */
  readonly deletion?: (result: unknown, variables: Readonly<Record<string, unknown>>) => string
}

const idObject = z.object({ id: z.string() })
const data = z.record(z.string(), z.unknown())

/** Sends an operation, and returns the value of its only root field. */
async function send(client: Client, operation: string, variables: object = {}): Promise<unknown> {
  const result = await client.execute(operation, variables)
  if (result.errors) throw new Error(JSON.stringify(result.errors))
  return Object.values(data.parse(result.data))[0]
}

async function newSession(client: Client): Promise<string> {
  return idObject.parse(await send(client, 'mutation { createSession(input: { title: "Mine" }) { id } }')).id
}

async function newJob(client: Client): Promise<string> {
  const input = '{ name: "J", prompt: "p", schedule: "0 9 29 2 *" }'
  return idObject.parse(await send(client, `mutation { createJob(input: ${input}) { id } }`)).id
}

const stream = z.object({
  id: z.string(),
  session: idObject,
  message: z.object({ id: z.string() }).nullable(),
})

const event = z.object({ event: z.object({ type: z.string() }) })

/** Starts a stream, and returns it when it has ended or waits for a decision. */
async function newStream(client: Client, text: string): Promise<z.output<typeof stream>> {
  const { id } = idObject.parse(
    await send(client, 'mutation ($text: String!) { startChat(input: { text: $text }) { id } }', { text }),
  )
  const restsAfter = new Set(['StreamFinished', 'ApprovalChanged', 'ClarificationChanged'])
  const events = `subscription { event: followStream(streamId: "${id}") { type: __typename } }`
  for await (const result of client.subscribe(events, {})) {
    if (restsAfter.has(event.parse(result.data).event.type)) break
  }
  return stream.parse(await send(client, `{ stream(id: "${id}") { id session { id } message { id } } }`))
}

/** Queues messages behind a stream that waits for a decision. */
async function newQueue(client: Client, ...texts: string[]): Promise<string[]> {
  const { session } = await newStream(client, '/ask Where?')
  const queue = 'mutation ($input: StreamChatInput!) { startChat(input: $input) { id } }'
  const ids: string[] = []
  for (const text of texts) {
    const input = { sessionId: session.id, text, ifBusy: 'QUEUE' }
    ids.push(idObject.parse(await send(client, queue, { input })).id)
  }
  return ids
}

/** A message that waits to join an answer, which waits for a decision. */
async function newSteeringMessage(client: Client): Promise<string> {
  const { session } = await newStream(client, '/ask Where?')
  const steer = 'mutation ($input: StreamChatInput!) { started: startChat(input: $input) { steered { id } } }'
  const input = { sessionId: session.id, text: 'Here', ifBusy: 'STEER' }
  const { steered } = z.object({ steered: z.array(idObject) }).parse(await send(client, steer, { input }))
  return steered[0]?.id ?? ''
}

async function newDecision(client: Client, text: string, field: string): Promise<string> {
  const { session } = await newStream(client, text)
  const [pending] = z
    .object({ pending: z.array(idObject) })
    .parse(await send(client, `{ session(id: "${session.id}") { pending: ${field} { id } } }`)).pending
  if (!pending) throw new Error('Nothing is pending.')
  return pending.id
}

async function newAnswerId(client: Client): Promise<string> {
  return (await newStream(client, 'Hello')).message?.id ?? ''
}

const deleteSession = (id: string): string => `mutation { deleteSession(id: "${id}") }`
const deleteCreatedSession = (result: unknown): string => deleteSession(idObject.parse(result).id)
const sessionOf = z.object({ session: idObject })
const deleteSessionOf = (result: unknown): string => deleteSession(sessionOf.parse(result).session.id)
const deleteGivenJob = (_: unknown, { id }: Readonly<Record<string, unknown>>): string =>
  `mutation { deleteJob(id: "${String(id)}") }`

let profileCount = 0
const newProfileName = (): string => `work-${(profileCount += 1)}`

/** Every field of Mutation by its name. */
export const repeatableMutations: Readonly<Record<string, RepeatableMutation>> = {
  answerApproval: {
    declarations: '$id: ID!, $decision: ApprovalDecision!',
    call: 'answerApproval(id: $id, decision: $decision, key: $key)',
    selection: '{ id state decision resolvedAt session { id } }',
    arrange: async (client) => ({
      id: await newDecision(client, '/tool look {}', 'pendingApprovals'),
      decision: 'ONCE',
    }),
    change: { decision: 'DENY' },
    deletion: deleteSessionOf,
  },
  answerClarification: {
    declarations: '$id: ID!, $answer: String!',
    call: 'answerClarification(id: $id, answer: $answer, key: $key)',
    selection: '{ id state answer resolvedAt session { id } }',
    arrange: async (client) => ({
      id: await newDecision(client, '/ask Where?', 'pendingClarifications'),
      answer: 'Here',
    }),
    change: { answer: 'There' },
    deletion: deleteSessionOf,
  },
  cancelStream: {
    declarations: '$streamId: ID!',
    call: 'cancelStream(streamId: $streamId, key: $key)',
    selection: '{ stream { id status finishedAt session { id } } message { id digest } outcome lastSeq }',
    arrange: async (client) => ({ streamId: (await newStream(client, '/ask Where?')).id }),
    change: {},
    deletion: (result) => deleteSessionOf(z.object({ stream: z.unknown() }).parse(result).stream),
  },
  compactSession: {
    declarations: '$id: ID!',
    call: 'compactSession(id: $id, key: $key)',
    selection: '{ id startedAt segmentCount }',
    arrange: async (client) => ({ id: (await newStream(client, 'Hello')).session.id }),
    change: {},
    deletion: deleteCreatedSession,
  },
  createJob: {
    declarations: '$name: String!',
    call: 'createJob(input: { key: $key, name: $name, prompt: "p", schedule: "0 9 29 2 *" })',
    selection: '{ id name }',
    arrange: async () => ({ name: 'Bees' }),
    change: { name: 'Owls' },
    deletion: (result) => deleteGivenJob(null, idObject.parse(result)),
  },
  createProfile: {
    declarations: '$name: String!',
    call: 'createProfile(name: $name, key: $key)',
    selection: '{ name }',
    arrange: async () => ({ name: newProfileName() }),
    change: { name: 'another' },
    deletion: (_, { name }) => `mutation { deleteProfile(name: "${String(name)}") }`,
  },
  createSession: {
    declarations: '$title: String',
    call: 'createSession(input: { key: $key, title: $title })',
    selection: '{ id title startedAt }',
    arrange: async () => ({ title: 'Bees' }),
    change: { title: 'Owls' },
    deletion: deleteCreatedSession,
  },
  deleteConversation: {
    declarations: '$id: ID!',
    call: 'deleteConversation(id: $id, key: $key)',
    selection: '',
    arrange: async (client) => ({ id: `cnv_${await newSession(client)}` }),
    change: {},
  },
  deleteJob: {
    declarations: '$id: ID!',
    call: 'deleteJob(id: $id, key: $key)',
    selection: '',
    arrange: async (client) => ({ id: await newJob(client) }),
    change: {},
  },
  deleteProfile: {
    declarations: '$name: String!',
    call: 'deleteProfile(name: $name, key: $key)',
    selection: '',
    arrange: async (client) => {
      const name = newProfileName()
      await send(client, `mutation { createProfile(name: "${name}") { name } }`)
      return { name }
    },
    change: { name: 'another' },
  },
  deleteSession: {
    declarations: '$id: ID!',
    call: 'deleteSession(id: $id, key: $key)',
    selection: '',
    arrange: async (client) => ({ id: await newSession(client) }),
    change: {},
  },
  deleteSessions: {
    declarations: '$ids: [ID!]!',
    call: 'deleteSessions(ids: $ids, key: $key)',
    selection: '',
    arrange: async (client) => ({ ids: [await newSession(client), await newSession(client)] }),
    change: { ids: [] },
  },
  forgetApproval: {
    declarations: '$tool: String!',
    call: 'forgetApproval(tool: $tool, key: $key)',
    selection: '{ name }',
    arrange: async () => ({ tool: 'look' }),
    change: { tool: 'touch' },
  },
  forkSession: {
    declarations: '$messageId: ID!',
    call: 'forkSession(messageId: $messageId, key: $key)',
    selection: '{ id startedAt }',
    arrange: async (client) => ({ messageId: await newAnswerId(client) }),
    change: {},
    deletion: deleteCreatedSession,
  },
  markRead: {
    declarations: '$conversationId: ID!, $at: DateTime',
    call: 'markRead(conversationId: $conversationId, at: $at, key: $key)',
    selection: '{ id readAt }',
    arrange: async (client) => ({
      conversationId: `cnv_${await newSession(client)}`,
      at: '2001-01-01T00:00:00.000Z',
    }),
    change: { at: '2002-01-01T00:00:00.000Z' },
    deletion: (result) => deleteSession(idObject.parse(result).id.slice('cnv_'.length)),
  },
  moveQueuedMessage: {
    declarations: '$streamId: ID!, $before: ID',
    call: 'moveQueuedMessage(streamId: $streamId, before: $before, key: $key)',
    selection: '{ id }',
    arrange: async (client) => {
      const [before, streamId] = await newQueue(client, 'One', 'Two')
      return { streamId, before }
    },
    change: { before: null },
    deletion: deleteCreatedSession,
  },
  regenerate: {
    declarations: '$messageId: ID!, $text: String',
    call: 'regenerate(messageId: $messageId, text: $text, key: $key)',
    selection: '{ id startedAt session { id } }',
    arrange: async (client) => ({ messageId: await newAnswerId(client) }),
    change: { text: 'Again' },
    deletion: deleteSessionOf,
  },
  runJob: {
    declarations: '$id: ID!',
    call: 'runJob(id: $id, key: $key)',
    selection: '{ run { id startedAt } alreadyRunning }',
    arrange: async (client) => ({ id: await newJob(client) }),
    change: {},
    deletion: deleteGivenJob,
  },
  sendQueuedMessage: {
    declarations: '$streamId: ID!',
    call: 'sendQueuedMessage(streamId: $streamId, key: $key)',
    selection: '{ id startedAt session { id } }',
    arrange: async (client) => ({ streamId: (await newQueue(client, '/ask There?'))[0] }),
    change: {},
    deletion: deleteSessionOf,
  },
  startChat: {
    declarations: '$text: String!',
    call: 'startChat(input: { key: $key, text: $text })',
    selection: '{ id startedAt session { id } }',
    arrange: async () => ({ text: 'Hello' }),
    change: { text: 'Bye' },
    deletion: deleteSessionOf,
  },
  updateConversation: {
    declarations: '$id: ID!, $pinned: Boolean',
    call: 'updateConversation(id: $id, input: { pinned: $pinned }, key: $key)',
    selection: '{ id pinned }',
    arrange: async (client) => ({ id: `cnv_${await newSession(client)}`, pinned: true }),
    change: { pinned: false },
    deletion: (result) => deleteSession(idObject.parse(result).id.slice('cnv_'.length)),
  },
  updateJob: {
    declarations: '$id: ID!, $name: String',
    call: 'updateJob(id: $id, input: { name: $name }, key: $key)',
    selection: '{ id name }',
    arrange: async (client) => ({ id: await newJob(client), name: 'Bees' }),
    change: { name: 'Owls' },
    deletion: deleteGivenJob,
  },
  updateQueuedMessage: {
    declarations: '$streamId: ID!, $text: String',
    call: 'updateQueuedMessage(streamId: $streamId, text: $text, key: $key)',
    selection: '{ id userMessage { text } session { id } }',
    arrange: async (client) => ({ streamId: (await newQueue(client, 'Bees'))[0], text: 'Owls' }),
    change: { text: 'Ants' },
    deletion: deleteSessionOf,
  },
  updateSession: {
    declarations: '$id: ID!, $title: String',
    call: 'updateSession(id: $id, input: { title: $title }, key: $key)',
    selection: '{ id title }',
    arrange: async (client) => ({ id: await newSession(client), title: 'Bees' }),
    change: { title: 'Owls' },
    deletion: (result) => deleteCreatedSession(result),
  },
  updateSessions: {
    declarations: '$ids: [ID!]!, $pinned: Boolean',
    call: 'updateSessions(ids: $ids, input: { pinned: $pinned }, key: $key)',
    selection: '{ id pinned }',
    arrange: async (client) => ({ ids: [await newSession(client), await newSession(client)], pinned: true }),
    change: { pinned: false },
    deletion: (result) => deleteCreatedSession(z.array(z.unknown()).parse(result)[1]),
  },
  withdrawMessage: {
    declarations: '$messageId: ID!',
    call: 'withdrawMessage(messageId: $messageId, key: $key)',
    selection: '{ id text steering { state } session { id } }',
    arrange: async (client) => ({ messageId: await newSteeringMessage(client) }),
    change: {},
    deletion: deleteSessionOf,
  },
}
