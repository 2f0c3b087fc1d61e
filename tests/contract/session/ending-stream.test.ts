import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { waitUntil } from '../../support/wait-until.ts'
import { followStream, isEventOfType, startChat } from '../support/chat.ts'
import { newTestEnvironment } from '../support/test-environment.ts'
import { readUntil } from '../support/typed-client.ts'

const query = `query ($id: ID!) { session(id: $id) {
  messageCount
  messages { edges { node { id status text } } }
  transcript { edges { node { id status text } } }
  activeStream { message { id status text } }
} }`

const messageSchema = z.object({ id: z.string(), status: z.string(), text: z.string() })
const pageSchema = z.object({ edges: z.array(z.object({ node: messageSchema })) })
const sessionSchema = z.object({
  messageCount: z.int(),
  messages: pageSchema,
  transcript: pageSchema,
  activeStream: z.object({ message: messageSchema }),
})

describe.each(['before', 'after'] as const)('A response whose answer ends %s the rows are read', (moment) => {
  test('shows the answer in one state and counts it once', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, provider, segue } = environment
    const finish = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'One' }, { wait: finish.promise }, { text: ', two.' }, { finish: 'stop' }])
    const { id, session } = await startChat(client, { text: 'Count.' })
    await readUntil(followStream(client, id), isEventOfType('TextDelta'))

    const { sessions, chats } = segue.defaultProfile
    const endStream = async (): Promise<void> => {
      finish.resolve()
      await waitUntil(() => chats.activeStreamCount === 0)
    }
    const readBesideEnd = async <Rows>(read: () => Promise<Rows>): Promise<Rows> => {
      if (moment === 'before') await endStream()
      const rows = await read()
      await endStream()
      return rows
    }
    const { listMessages, countMessages } = sessions
    Object.assign(sessions, {
      listMessages: (...args: Parameters<typeof listMessages>) =>
        readBesideEnd(() => listMessages.apply(sessions, args)),
      countMessages: (...args: Parameters<typeof countMessages>) =>
        readBesideEnd(() => countMessages.apply(sessions, args)),
    })
    const { data } = await client.execute<{ session: unknown }, object>(query, { id: session.id })
    const { messageCount, messages, transcript, activeStream } = sessionSchema.parse(data?.session)
    expect(activeStream.message).toMatchObject({ status: 'STREAMING', text: 'One' })
    expect(messages.edges.at(-1)?.node).toEqual(activeStream.message)
    expect(transcript.edges.at(-1)?.node).toEqual(activeStream.message)
    expect([messageCount, messages.edges.length, transcript.edges.length]).toEqual([2, 2, 2])
  })
})
