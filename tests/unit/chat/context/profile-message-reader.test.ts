import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newLatch } from '../../../support/fixtures/chats/agent-chats.ts'
import type { ChatClient } from '../../../support/clients/chat-client.ts'
import { HermesDb } from '../../../support/hermes/hermes-db.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../../../support/server/segue-with-provider.ts'
import type { EventReader } from '../../../support/clients/reader.ts'
import { newHome, newTempFolder } from '../../../support/server/segue.ts'
import { fromModelContext, fromRequest, type SentMessage } from '../../../support/fixtures/sent-messages.ts'
import type { ProviderStep } from '../../../support/providers/strict-provider.ts'

const forever = new Promise<never>(() => {})
const id = expect.any(String)

let home: string
let world: SegueWithProvider

beforeEach(async () => {
  home = newHome()
  world = await startSegueWithProvider({ settings: { home } })
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

/** The session's `modelContext`. */
async function loadModelContext(sessionId: string, client: ChatClient = world.client): Promise<SentMessage[]> {
  const { session } = await client.ask('query ($id: ID!) { session(id: $id) { modelContext } }', { id: sessionId })
  if (typeof session !== 'object' || session === null || !('modelContext' in session))
    throw new Error('The session is missing.')
  return fromModelContext(session.modelContext)
}

/** The messages of the last request to the provider. */
const sent = (): SentMessage[] => world.provider.requests.slice(-1).flatMap(fromRequest)

const look = (index: number, ...pieces: string[]): ProviderStep => ({
  toolCall: { index, id: `call_${index}`, name: 'look', arguments: pieces },
})

/** Sends a message, and waits for the end of its stream. */
async function ask(sessionId: string, text: string): Promise<void> {
  const stream = await world.client.start({ sessionId, text })
  await world.newReader(stream.id).readUntilType('StreamFinished')
}

interface Turn {
  readonly name: string
  /** The provider's response to each request. */
  readonly scripts: readonly (readonly ProviderStep[])[]
  /** When the stream is cancelled; it ends by itself if this is left out. */
  readonly stopWhen?: (reader: EventReader) => boolean
  /** The messages of the answer in later requests. */
  readonly replayed: readonly SentMessage[]
}

const hello: SentMessage = { role: 'assistant', text: 'Hello', calls: [] }
const noAnswer: SentMessage = { role: 'assistant', text: '[No answer.]', calls: [] }
const noTool = 'There is no tool named "look".'

const turns: readonly Turn[] = [
  { name: 'completed', scripts: [[{ reasoning: 'Hm' }, { text: 'Hello' }, { finish: 'stop' }]], replayed: [hello] },
  {
    name: 'completed with calls',
    scripts: [
      [{ text: 'Let me see.' }, look(0, '{"at":', '1}'), look(1, ''), { finish: 'tool_calls' }],
      [look(0, '{}'), { finish: 'tool_calls' }],
      [{ text: 'Hello' }, { finish: 'stop' }],
    ],
    replayed: [
      {
        role: 'assistant',
        text: 'Let me see.',
        calls: [
          { id, name: 'look', input: { at: 1 } },
          { id, name: 'look', input: {} },
        ],
      },
      { role: 'tool', id, text: noTool },
      { role: 'tool', id, text: noTool },
      { role: 'assistant', text: '', calls: [{ id, name: 'look', input: {} }] },
      { role: 'tool', id, text: noTool },
      hello,
    ],
  },
  {
    name: 'cancelled in its text',
    scripts: [[{ reasoning: 'Hm' }, { text: 'Hello' }, { wait: forever }]],
    stopWhen: (reader) => reader.text === 'Hello',
    replayed: [hello],
  },
  {
    name: 'cancelled before its first token',
    scripts: [[{ wait: forever }]],
    stopWhen: () => true,
    replayed: [],
  },
  {
    name: 'cancelled in a call',
    scripts: [[{ text: 'Hello' }, look(0, '{"at":'), { wait: forever }]],
    stopWhen: ({ parts }) => parts.some((part) => part.type === 'tool' && part.argumentsText !== ''),
    replayed: [hello],
  },
  {
    name: 'cancelled after a call',
    scripts: [
      [look(0, '{}'), { finish: 'tool_calls' }],
      [{ text: 'Hello' }, { wait: forever }],
    ],
    stopWhen: (reader) => reader.text === 'Hello',
    replayed: [
      { role: 'assistant', text: '', calls: [{ id, name: 'look', input: {} }] },
      { role: 'tool', id, text: noTool },
      hello,
    ],
  },
  { name: 'cut off', scripts: [[{ text: 'Hello' }, { cut: true }]], replayed: [hello] },
  { name: 'cut off in a call', scripts: [[{ text: 'Hello' }, look(0, '{"a'), { cut: true }]], replayed: [hello] },
  { name: 'refused', scripts: [[{ status: 401, body: { error: { message: 'No' } } }]], replayed: [] },
  { name: 'without an answer', scripts: [[{ reasoning: 'Hm' }, { finish: 'stop' }]], replayed: [] },
  { name: 'of white space', scripts: [[{ text: ' \n ' }, { finish: 'stop' }]], replayed: [] },
]

describe('modelContext equals what the provider is sent', () => {
  test.each(turns)('after a turn that was $name', async ({ scripts, stopWhen, replayed }) => {
    for (const script of scripts) world.provider.enqueue(script)
    const stream = await world.client.start({ text: 'First' })
    const reader = world.newReader(stream.id)
    if (stopWhen) {
      await world.provider.waitForRequest(scripts.length - 1)
      await reader.readUntil(stopWhen)
      expect((await world.client.cancel(stream.id)).outcome).toBe('CANCELLED')
    }
    await reader.readToEnd()
    const context = await loadModelContext(stream.session.id)
    expect(context).toEqual([{ role: 'user', text: 'First' }, ...replayed])

    await ask(stream.session.id, 'Second')
    const answer = replayed.length === 0 ? [noAnswer] : []
    expect(sent()).toEqual([...context, ...answer, { role: 'user', text: 'Second' }])
    expect(world.provider.rejections).toEqual([])
  })

  test('after a chat with all of these turns', async () => {
    const sessionId = await world.client.createSession()
    const expected: SentMessage[] = []
    for (const { name, scripts, stopWhen, replayed } of turns) {
      const before = world.provider.requests.length
      for (const script of scripts) world.provider.enqueue(script)
      const stream = await world.client.start({ sessionId, text: name })
      const reader = world.newReader(stream.id)
      if (stopWhen) {
        await world.provider.waitForRequest(before + scripts.length - 1)
        await reader.readUntil(stopWhen)
        await world.client.cancel(stream.id)
      }
      await reader.readToEnd()
      if (expected.at(-1)?.role === 'user') expected.push(noAnswer)
      expected.push({ role: 'user', text: name }, ...replayed)
      expect(await loadModelContext(sessionId)).toEqual(expected)
    }
    const context = await loadModelContext(sessionId)
    await ask(sessionId, 'Last')
    expect(sent()).toEqual([...context, noAnswer, { role: 'user', text: 'Last' }])
    expect(world.provider.rejections).toEqual([])
  })

  test('while an answer streams, at its start and before each step', async () => {
    const gates = [newLatch(), newLatch()]
    world.provider.enqueue([
      { open: true },
      { wait: gates[0]?.opened ?? forever },
      look(0, '{}'),
      { finish: 'tool_calls' },
    ])
    world.provider.enqueue([
      { open: true },
      { wait: gates[1]?.opened ?? forever },
      { text: 'Hello' },
      { finish: 'stop' },
    ])
    const stream = await world.client.start({ text: 'First' })
    for (const [index, step] of gates.entries()) {
      await world.provider.waitForRequest(index)
      expect(await loadModelContext(stream.session.id)).toEqual(sent())
      step.open()
    }
    await world.newReader(stream.id).readToEnd()
    expect(world.provider.rejections).toEqual([])
  })

  test('without a message that is withdrawn or queued', async () => {
    world.provider.enqueue([{ text: 'Hello' }, { wait: forever }])
    const stream = await world.client.start({ text: 'First' })
    const sessionId = stream.session.id
    await world.newReader(stream.id).readUntil((reader) => reader.text === 'Hello')
    const queued = await world.client.start({ sessionId, text: 'Taken back', ifBusy: 'QUEUE' })
    expect(await loadModelContext(sessionId)).toEqual([{ role: 'user', text: 'First' }, hello])
    await world.client.cancel(queued.id)
    await world.client.cancel(stream.id)
    const context = await loadModelContext(sessionId)
    expect(context).toEqual([{ role: 'user', text: 'First' }, hello])
    await ask(sessionId, 'Second')
    expect(sent()).toEqual([...context, { role: 'user', text: 'Second' }])
  })

  test('after a restart, with the finished parts of an interrupted answer and without its incomplete call', async () => {
    world.provider.enqueue([look(0, '{}'), { finish: 'tool_calls' }])
    world.provider.enqueue([{ text: 'Hello' }, look(0, '{"a'), { wait: forever }])
    const stream = await world.client.start({ text: 'First' })
    await world.newReader(stream.id).readUntil(({ parts }) => parts.length === 3)
    await world[Symbol.asyncDispose]()
    world = await startSegueWithProvider({ settings: { home } })

    expect(await world.client.stream(stream.id)).toMatchObject({
      status: 'INTERRUPTED',
      error: { code: 'SERVER_RESTART' },
    })
    const context = await loadModelContext(stream.session.id)
    expect(context).toEqual([
      { role: 'user', text: 'First' },
      { role: 'assistant', text: '', calls: [{ id, name: 'look', input: {} }] },
      { role: 'tool', id, text: noTool },
      hello,
    ])
    await ask(stream.session.id, 'Second')
    expect(sent()).toEqual([...context, { role: 'user', text: 'Second' }])
    expect(world.provider.rejections).toEqual([])
  })

  test('and is empty for a session without messages', async () => {
    expect(await loadModelContext(await world.client.createSession())).toEqual([])
  })
})

describe('a session that continues a Hermes session', () => {
  test('starts with the context of the Hermes session, calls and results included', async () => {
    const hermesHome = newTempFolder()
    const hermes = new HermesDb(join(hermesHome, 'state.db'))
    try {
      // Hermes compressed it: the next session has the remaining messages.
      hermes.addSession('old', { end_reason: 'compression', ended_at: 10 })
      hermes.addMessage('old', 2, { content: 'Who are you?' })
      hermes.addMessage('old', 3, { role: 'assistant', content: 'Hermes.', reasoning: 'They ask for my name.' })
      hermes.addSession('new', {
        parent_session_id: 'old',
        started_at: 10,
        end_reason: 'cli_close',
        ended_at: 30,
        title: 'Trip',
      })
      hermes.addMessage('new', 11, { content: 'Look there and there.' })
      hermes.addToolCalls('new', 12, ['call_1', 'call_2'], { content: 'I look.' })
      hermes.addToolResult('new', 13, 'call_2', 'rain')
      hermes.addToolResult('new', 14, 'call_1', '{"sky":"blue"}')
      hermes.addMessage('new', 15, { role: 'assistant', content: 'Blue here, rain there.' })
      hermes.addMessage('new', 16, { content: 'And elsewhere?' })
      // The session was closed before the result.
      hermes.addToolCalls('new', 17, ['call_1'])

      await world[Symbol.asyncDispose]()
      world = await startSegueWithProvider({ settings: { home, hermesHome } })
      const sessionId = await world.client.createSession({ continues: 'new' })
      const context = await loadModelContext(sessionId)
      expect(context).toEqual([
        { role: 'user', text: 'Look there and there.' },
        {
          role: 'assistant',
          text: 'I look.',
          calls: [
            { id, name: 'look', input: {} },
            { id, name: 'look', input: {} },
          ],
        },
        { role: 'tool', id, text: '{"sky":"blue"}' },
        { role: 'tool', id, text: 'rain' },
        { role: 'assistant', text: 'Blue here, rain there.', calls: [] },
        { role: 'user', text: 'And elsewhere?' },
        { role: 'assistant', text: '', calls: [{ id, name: 'look', input: {} }] },
        { role: 'tool', id, text: expect.stringMatching(/./) },
      ])

      world.provider.enqueue([look(0, '{}'), { finish: 'tool_calls' }])
      await ask(sessionId, 'Go on.')
      expect(world.provider.requests.slice(0, 1).flatMap(fromRequest)).toEqual([
        ...context,
        // Many servers accept no message of the user right after a result.
        { role: 'assistant', text: '…', calls: [] },
        { role: 'user', text: 'Go on.' },
      ])
      const after = await loadModelContext(sessionId)
      expect(after.slice(0, context.length)).toEqual(context)
      await ask(sessionId, 'And now?')
      expect(sent()).toEqual([...after, { role: 'user', text: 'And now?' }])
      expect(world.provider.rejections).toEqual([])
    } finally {
      hermes.close()
      rmSync(hermesHome, { recursive: true, force: true })
    }
  })
})
