import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ChatClient } from '../support/clients/chat-client.ts'
import { EventReader } from '../support/clients/reader.ts'
import { toolCallSteps } from '../support/providers/openai-chunks.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'

const never = new Promise<never>(() => undefined)

const contextSize = z.object({
  tokens: z.number(),
  instructions: z.number(),
  history: z.number(),
  estimated: z.boolean(),
})

async function loadContext(client: ChatClient, id: string) {
  const query = 'query ($id: ID!) { session(id: $id) { context { tokens instructions history estimated } } }'
  return z.object({ session: z.object({ context: contextSize.nullable() }) }).parse(await client.ask(query, { id }))
    .session.context
}

const updateSession =
  'mutation ($id: ID!, $instructions: String) { updateSession(id: $id, input: { instructions: $instructions }) { id } }'

async function loadTypes(client: ChatClient, sessionId: string, after = 0): Promise<string[]> {
  const types = (await client.events(sessionId, after)).map(({ type }) => type)
  return types.filter((type) => !type.endsWith('Delta') && type !== 'ToolCallChanged' && type !== 'PartFinished')
}

test('E14 the log tells of a changed context once after each step, and followers of the session alone receive it', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.enqueue([...toolCallSteps({ name: 'look', input: {} })])
  provider.enqueue([{ text: 'Done.' }, { finish: 'stop' }, { usage: { input: 4000, output: 20 } }])
  const { id, session } = await client.start({ text: 'Look.' })
  const follower = new EventReader(client.followSession(session.id, 0))
  await follower.readUntilType('StreamFinished')
  const step = ['StepFinished', 'SessionChanged']
  expect(await loadTypes(client, session.id)).toEqual(['StreamStarted', ...step, ...step, 'StreamFinished'])
  expect(follower.events.filter(({ type }) => type === 'SessionChanged')).toMatchObject([
    { streamId: null },
    { streamId: null },
  ])
  expect(await loadContext(client, session.id)).toMatchObject({ tokens: 4020, estimated: false })
  const ofStream = await provided.newReader(id).readToEnd()
  expect(ofStream.map(({ type }) => type)).not.toContain('SessionChanged')
  await follower.unsubscribe()
})

test('E14 a query after the event has the new size, also while tools of the step run', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  provider.enqueue([{ text: 'A long answer. '.repeat(200) }, ...toolCallSteps({ name: 'look', input: {} })])
  provider.enqueue([{ wait: released }, { text: 'Done.' }, { finish: 'stop' }])
  const id = await client.createSession()
  const before = await loadContext(client, id)
  await client.start({ sessionId: id, text: 'Look.' })
  const follower = new EventReader(client.followSession(id, 0))
  await follower.readUntilType('SessionChanged')
  const after = await loadContext(client, id)
  expect(after?.tokens).toBeGreaterThan((before?.tokens ?? 0) + 500)
  release()
  await follower.readUntilType('StreamFinished')
  await follower.unsubscribe()
})

test('E14 an answer that is cut off, and a change of the instructions, are told as well; nothing after SessionContinued', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  provider.enqueue([{ text: 'Half' }, { wait: never }])
  const { id, session } = await client.start({ text: 'Talk.' })
  await provided.newReader(id).readUntil(({ text }) => text === 'Half')
  await client.cancel(id)
  expect(await loadTypes(client, session.id)).toEqual(['StreamStarted', 'SessionChanged', 'StreamFinished'])

  const { headSeq } = await client.session(session.id)
  const before = await loadContext(client, session.id)
  await client.ask(updateSession, { id: session.id, instructions: 'Speak like a pirate. '.repeat(20) })
  expect(await loadTypes(client, session.id, headSeq)).toEqual(['SessionChanged'])
  const after = await loadContext(client, session.id)
  expect(after?.instructions).toBeGreaterThan(50)
  expect(after?.history).toBe(before?.history)

  provider.enqueue('They spoke.')
  await client.ask('mutation ($id: ID!) { compactSession(id: $id) { id } }', { id: session.id })
  expect((await loadTypes(client, session.id)).at(-1)).toBe('SessionContinued')
  expect(await loadContext(client, session.id)).toBeNull()
})
