import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ChatClient } from '../support/clients/chat-client.ts'
import { EventReader } from '../support/clients/reader.ts'
import { toolCallSteps } from '../support/providers/openai-chunks.ts'
import { StrictProvider } from '../support/providers/strict-provider.ts'
import { newTempFolder } from '../support/server/segue.ts'
import { startServerProcess } from '../support/server/server-process.ts'
import { startSegueWithProvider } from '../support/server/segue-with-provider.ts'

const never = new Promise<never>(() => undefined)

const contextSize = z.object({
  tokens: z.number(),
  instructions: z.number(),
  history: z.number(),
  estimated: z.boolean(),
})

const sessionWithInstructions = z.object({
  session: z.object({
    title: z.string().nullable(),
    instructions: z.string(),
    modelContext: z.array(z.unknown()),
    transcript: z.unknown(),
  }),
})

const made = z.object({ made: z.object({ id: z.string(), session: z.object({ id: z.string() }).optional() }) })

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
  // Each count is rounded up.
  expect(Math.abs((after?.history ?? 0) - (before?.history ?? 0))).toBeLessThan(3)

  provider.enqueue('They spoke.')
  await client.ask('mutation ($id: ID!) { compactSession(id: $id) { id } }', { id: session.id })
  expect((await loadTypes(client, session.id)).at(-1)).toBe('SessionContinued')
  expect(await loadContext(client, session.id)).toBeNull()
})

test('E14 the size is kept with each commit: it is the same after kill -9', { timeout: 30_000 }, async () => {
  await using provider = await StrictProvider.start()
  const home = newTempFolder()
  onTestFinished(() => rmSync(home, { recursive: true, force: true }))
  const providers = { strict: { type: 'openai-compatible', baseURL: provider.baseURL, models: ['test'] } }
  writeFileSync(join(home, 'config.json'), JSON.stringify({ providers, model: 'strict/test', titles: false }))
  const argv = ['--port', '0', '--home', home, '--no-hermes']
  provider.enqueue([{ text: 'An oak.' }, { finish: 'stop' }, { usage: { input: 4000, output: 20 } }])
  await using first = await startServerProcess({ argv })
  await using before = new ChatClient(first.url)
  const { id, session } = await before.start({ text: 'Which tree?' })
  await new EventReader(before.followStream(id)).readUntilType('StreamFinished')
  const size = await loadContext(before, session.id)
  expect(size).toMatchObject({ tokens: 4020, estimated: false })
  await first.stop('SIGKILL')
  await using restarted = await startServerProcess({ argv })
  await using again = new ChatClient(restarted.url)
  expect(await loadContext(again, session.id)).toEqual(size)
})

test('E15 instructions are first in modelContext, never in the transcript, and kept through retries, forks and compactions', async () => {
  await using provided = await startSegueWithProvider()
  const { client, provider } = provided
  const text = 'Speak like a pirate.'
  const runTurn = async (input: Parameters<ChatClient['start']>[0]) => {
    const { id, session } = await client.start(input)
    const { message } = await provided.newReader(id).readUntilType('StreamFinished')
    return { sessionId: session.id, messageId: message?.id ?? '' }
  }
  const expectInstructions = async (id: string): Promise<void> => {
    const query = `query ($id: ID!) { session(id: $id) {
      title instructions modelContext transcript { edges { node { text } } } } }`
    const { session } = sessionWithInstructions.parse(await client.ask(query, { id }))
    expect(session.instructions).toBe(text)
    const [first, ...others] = session.modelContext
    expect(first).toEqual({ role: 'system', content: text })
    expect(JSON.stringify([others, session.transcript, session.title])).not.toContain('pirate')
  }
  const id = await client.createSession({ instructions: text })
  const { messageId } = await runTurn({ sessionId: id, text: 'Which tree?' })
  await expectInstructions(id)
  for (const { body } of provider.requests) expect(body.messages[0]).toMatchObject({ role: 'system', content: text })

  const fork = 'mutation ($messageId: ID!) { made: forkSession(messageId: $messageId) { id } }'
  await expectInstructions(made.parse(await client.ask(fork, { messageId })).made.id)
  const retry = 'mutation ($messageId: ID!) { made: regenerate(messageId: $messageId) { id session { id } } }'
  const retried = made.parse(await client.ask(retry, { messageId })).made
  await provided.newReader(retried.id).readUntilType('StreamFinished')
  await expectInstructions(retried.session?.id ?? '')

  provider.enqueue('They spoke of trees.')
  const compact = 'mutation ($id: ID!) { made: compactSession(id: $id) { id } }'
  await expectInstructions(made.parse(await client.ask(compact, { id })).made.id)
  expect(JSON.stringify(provider.requests.at(-1)?.body.messages)).not.toContain('pirate')
})
