import { answerThenWait, countEnds } from '../../../support/fixtures/scripted-answers.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { newLatch, newChatFixture } from '../../../support/fixtures/chats/agent-chats.ts'
import { waitForAbort } from '../../../../src/lib/async/wait-for-abort.ts'
import type { ApiCancelResult } from '../../../support/clients/chat-client.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../../../support/server/segue-with-provider.ts'
import { computeDigest, type Part, toParts, type EventReader } from '../../../support/clients/reader.ts'
import type { ProviderStep } from '../../../support/providers/strict-provider.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'

const forever = new Promise<never>(() => {})
const question = 'What is it?'
const userMessage = { role: 'user', content: question }
const next = { role: 'user', content: 'And now?' }
const noAnswer = { role: 'assistant', content: '[No answer.]' }

let world: SegueWithProvider

beforeEach(async () => {
  world = await startSegueWithProvider()
})

afterEach(async () => {
  await world[Symbol.asyncDispose]()
})

const look = (id: string, ...pieces: string[]): ProviderStep => ({ toolCall: { id, name: 'look', arguments: pieces } })

interface Phase {
  readonly name: string
  /** How the provider answers each request before it stops sending. */
  readonly requests: readonly (readonly ProviderStep[])[]
  /** Whether a reader has received everything up to this phase. */
  readonly isReached: (reader: EventReader) => boolean
  /** The stored answer; null if nothing was produced. */
  readonly parts: readonly Part[] | null
  /** The messages between the two user messages in the next request. */
  readonly replayed: readonly unknown[]
}

const id = expect.any(String)
const hasStarted = (reader: EventReader): boolean => reader.events.length > 0
const readText = (reader: EventReader): string => reader.parts.map((part) => ('text' in part ? part.text : '')).join('')
const readArguments = (reader: EventReader): string =>
  reader.parts.map((part) => (part.type === 'tool' ? part.argumentsText : '')).join('')

const phases: readonly Phase[] = [
  { name: 'before the provider answers', requests: [[]], isReached: hasStarted, parts: null, replayed: [noAnswer] },
  {
    name: 'before the first token',
    requests: [[{ open: true }]],
    isReached: hasStarted,
    parts: null,
    replayed: [noAnswer],
  },
  {
    name: 'in reasoning',
    requests: [[{ reasoning: 'It may ' }, { reasoning: 'be' }]],
    isReached: (reader) => readText(reader) === 'It may be',
    parts: [{ type: 'reasoning', text: 'It may be' }],
    replayed: [noAnswer],
  },
  {
    name: 'in inline thinking',
    requests: [[{ text: '<think>It may ' }, { text: 'be' }]],
    isReached: (reader) => readText(reader) === 'It may be',
    parts: [{ type: 'reasoning', text: 'It may be' }],
    replayed: [noAnswer],
  },
  {
    name: 'in text',
    requests: [[{ reasoning: 'Hm.' }, { text: 'It is ' }, { text: 'a' }]],
    isReached: (reader) => readText(reader) === 'Hm.It is a',
    parts: [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'It is a' },
    ],
    replayed: [{ role: 'assistant', content: 'It is a' }],
  },
  {
    name: 'in the middle of a surrogate pair',
    requests: [[{ text: 'It is \ud83d' }]],
    isReached: (reader) => readText(reader) === 'It is ',
    parts: [{ type: 'text', text: 'It is \ufffd' }],
    replayed: [{ role: 'assistant', content: 'It is \ufffd' }],
  },
  {
    name: 'in the middle of tool arguments',
    requests: [[{ text: 'Let me see.' }, look('call_1', '{"at"', ': "Par')]],
    isReached: (reader) => readArguments(reader) === '{"at": "Par',
    parts: [
      { type: 'text', text: 'Let me see.' },
      { type: 'tool', id, name: 'look', argumentsText: '{"at": "Par', state: 'CANCELLED' },
    ],
    replayed: [{ role: 'assistant', content: 'Let me see.' }],
  },
  {
    name: 'between the end of a tool and the next token',
    requests: [
      [{ text: 'Let me see.' }, look('call_1', '{"at": "Paris"}'), { finish: 'tool_calls' }],
      [{ open: true }],
    ],
    isReached: (reader) => reader.parts.some((part) => part.type === 'tool' && part.state === 'FAILED'),
    parts: [
      { type: 'text', text: 'Let me see.' },
      {
        type: 'tool',
        id,
        name: 'look',
        argumentsText: '{"at": "Paris"}',
        state: 'FAILED',
        error: 'There is no tool named "look".',
      },
    ],
    replayed: [
      {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [{ id, type: 'function', function: { name: 'look', arguments: '{"at":"Paris"}' } }],
      },
      { role: 'tool', tool_call_id: id, content: 'There is no tool named "look".' },
      // Many servers accept no message of the user right after a result.
      { role: 'assistant', content: '…' },
    ],
  },
  {
    name: 'in the text after a tool call',
    requests: [
      [look('call_1', '{}'), { finish: 'tool_calls' }],
      [{ text: 'Nothing ' }, { text: 'th' }],
    ],
    isReached: (reader) => readText(reader) === 'Nothing th',
    parts: [
      {
        type: 'tool',
        id,
        name: 'look',
        argumentsText: '{}',
        state: 'FAILED',
        error: 'There is no tool named "look".',
      },
      { type: 'text', text: 'Nothing th' },
    ],
    replayed: [
      {
        role: 'assistant',
        tool_calls: [{ id, type: 'function', function: { name: 'look', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: id, content: 'There is no tool named "look".' },
      { role: 'assistant', content: 'Nothing th' },
    ],
  },
]

describe('a stream that is cancelled', () => {
  describe.each(phases)('$name', ({ requests, isReached, parts, replayed }) => {
    /** Starts a stream, and returns once it has reached the phase. */
    async function startUntilReached(): Promise<{ streamId: string; sessionId: string; reader: EventReader }> {
      for (const steps of requests) {
        world.provider.enqueue(steps.some((step) => 'finish' in step) ? steps : [...steps, { wait: forever }])
      }
      const stream = await world.client.start({ text: question })
      const reader = world.newReader(stream.id)
      await world.provider.waitForRequest(requests.length - 1)
      await reader.readUntil(isReached)
      return { streamId: stream.id, sessionId: stream.session.id, reader }
    }

    test('keeps its partial answer, which is the same for every client from then on', async () => {
      const { streamId, sessionId, reader } = await startUntilReached()
      const { message, ...answer } = await world.client.cancel(streamId)
      expect(answer).toMatchObject({ outcome: 'CANCELLED', stream: { status: 'CANCELLED', error: null } })
      await reader.readToEnd()

      const late = world.newReader(streamId)
      await late.readToEnd()
      expect(late.parts).toEqual(reader.parts)
      expect(late.parts).toEqual(parts ?? [])
      expect(late.cursor).toBe(answer.lastSeq)
      if (parts === null) {
        expect(message).toBeNull()
      } else {
        expect(message).toMatchObject({ status: 'PARTIAL', role: 'ASSISTANT', digest: computeDigest(late.parts) })
        expect(message && toParts(message)).toEqual(late.parts)
      }
      expect((await world.client.stream(streamId)).message).toEqual(message)
      if (message) expect(await world.client.message(message.id)).toEqual(message)
      const session = await world.client.session(sessionId)
      expect(session).toMatchObject({ activeStream: null, headSeq: answer.lastSeq, messageCount: message ? 2 : 1 })
      expect(session.messages.edges.map(({ node }) => node.id)).toEqual([id, ...(message ? [message.id] : [])])
    })

    test('closes the connection to the provider', async () => {
      const { streamId } = await startUntilReached()
      await world.client.cancel(streamId)
      expect(await world.provider.requests.at(-1)?.closed).toBe('client')
    })

    test('leaves the session free for the next message, with the user message and finished parts in its context', async () => {
      const { streamId, sessionId } = await startUntilReached()
      await world.client.cancel(streamId)
      const stream = await world.client.start({ sessionId, text: next.content })
      expect((await world.newReader(stream.id).readUntilType('StreamFinished')).stream.status).toBe('COMPLETED')
      expect(world.provider.rejections).toEqual([])
      expect(world.provider.requests.at(-1)?.body.messages).toEqual([
        userMessage,
        ...replayed.map((message) => expect.objectContaining(message)),
        next,
      ])
    })
  })

  test('while it is queued sends no request to the provider', async () => {
    world.provider.enqueue([{ text: 'Hel' }, { wait: forever }])
    const running = await world.client.start({ text: question })
    const sessionId = running.session.id
    const queued = await world.client.start({ sessionId, text: 'Later', ifBusy: 'QUEUE' })
    const cancelled = await world.client.cancel(queued.id)
    expect(cancelled).toMatchObject({ outcome: 'CANCELLED', message: null, stream: { status: 'CANCELLED' } })
    expect((await world.client.cancel(queued.id)).outcome).toBe('ALREADY_CANCELLED')
    expect(await world.client.stream(queued.id)).toMatchObject({ lastSeq: cancelled.lastSeq, message: null })

    await world.client.cancel(running.id)
    const after = await world.client.start({ sessionId, text: next.content })
    await world.newReader(after.id).readToEnd()
    expect(world.provider.requests.map(({ body }) => body.messages.at(-1))).toEqual([userMessage, next])
    expect(JSON.stringify(world.provider.requests.at(-1)?.body.messages)).not.toContain('Later')
  })
})

describe('two clients that cancel the same stream', () => {
  test('get the same result, and one of them gets CANCELLED', async () => {
    world.provider.enqueue([{ text: 'Hello' }, { wait: forever }])
    const stream = await world.client.start({ text: question })
    await world.newReader(stream.id).readUntil((reader) => reader.text === 'Hello')
    const clients = Array.from({ length: 10 }, () => world.newClient())
    const answers = await Promise.all(clients.map((client) => client.cancel(stream.id)))
    expect(outcomes(answers)).toEqual(['CANCELLED', ...Array(9).fill('ALREADY_CANCELLED')])
    const [first] = answers
    for (const { outcome: _, ...answer } of answers) expect({ outcome: first?.outcome, ...answer }).toEqual(first)
    const ends = (await world.client.events(stream.session.id)).filter((event) => event.type === 'StreamFinished')
    expect(ends).toHaveLength(1)
  })

  test('get the same result even much later', async () => {
    world.provider.enqueue([{ text: 'Hello' }, { wait: forever }])
    const stream = await world.client.start({ text: question })
    await world.newReader(stream.id).readUntil((reader) => reader.text === 'Hello')
    const first = await world.client.cancel(stream.id)
    const sessionId = stream.session.id
    for (const text of ['One', 'Two'])
      await world.newReader((await world.client.start({ sessionId, text })).id).readToEnd()
    expect(await world.newClient().cancel(stream.id)).toEqual({ ...first, outcome: 'ALREADY_CANCELLED' })
  })
})

function outcomes(answers: readonly ApiCancelResult[]): string[] {
  return answers.map(({ outcome }) => outcome).sort((a, b) => b.localeCompare(a))
}

describe('a cancel after the end', () => {
  test('changes nothing, and does not affect the next stream', async () => {
    const first = await world.client.start({ text: question })
    const sessionId = first.session.id
    await world.newReader(first.id).readToEnd()
    world.provider.enqueue([{ text: 'Sec' }, { wait: forever }])
    const second = await world.client.start({ sessionId, text: next.content })
    const reader = world.newReader(second.id)
    await reader.readUntil(() => reader.text === 'Sec')
    const before = await world.client.session(sessionId)

    const late = await world.client.cancel(first.id)
    expect(late).toMatchObject({ outcome: 'ALREADY_FINISHED', stream: { status: 'COMPLETED' } })
    expect(late.message?.text).toBe('Hello from the strict provider.')
    expect(await world.client.session(sessionId)).toEqual(before)
    expect(before.activeStream?.id).toBe(second.id)
    expect(await world.client.cancel(second.id)).toMatchObject({ outcome: 'CANCELLED', message: { text: 'Sec' } })
  })

  test('of a failed stream returns how it ended', async () => {
    world.provider.enqueue([{ text: 'Hel' }, { cut: true }])
    const stream = await world.client.start({ text: question })
    await world.newReader(stream.id).readToEnd()
    expect(await world.client.cancel(stream.id)).toMatchObject({
      outcome: 'ALREADY_FINISHED',
      stream: { status: 'FAILED', error: { code: 'PROVIDER' } },
      message: { status: 'PARTIAL', text: 'Hel' },
    })
  })

  test('of an unknown stream is NOT_FOUND', async () => {
    await expect(world.client.cancel('str_00000000000000000000000000')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a cancel at the moment of the natural end', () => {
  test('reports the completed stream if the end comes first', async () => {
    const done = newLatch()
    const committing = newLatch()
    const release = newLatch()
    await using fixture = newChatFixture(answerThenWait('All of it.', done.opened))
    const stream = await fixture.start('Hi')
    fixture.hooks.beforeAppend = async ({ events }) => {
      if (countEnds(events) === 0) return
      committing.open()
      await release.opened
    }
    done.open()
    await committing.opened
    const answers = Promise.all([fixture.chats.cancel(stream.id), fixture.chats.cancel(stream.id)])
    release.open()
    for (const answer of await answers) {
      expect(answer).toMatchObject({
        outcome: 'ALREADY_FINISHED',
        stream: { status: 'COMPLETED' },
        answer: { status: 'COMPLETE', parts: [{ text: 'All of it.' }] },
      })
    }
    expect(countEnds(await fixture.readLog(stream.sessionId))).toBe(1)
  })

  test('reports the cancelled stream if the cancel comes first', async () => {
    const done = newLatch()
    const committing = newLatch()
    const release = newLatch()
    await using fixture = newChatFixture(answerThenWait('All of it.', done.opened))
    const stream = await fixture.start('Hi')
    fixture.hooks.beforeAppend = async ({ events }) => {
      if (countEnds(events) === 0) return
      committing.open()
      await release.opened
    }
    const first = fixture.chats.cancel(stream.id)
    await committing.opened
    done.open()
    const second = fixture.chats.cancel(stream.id)
    release.open()
    const { outcome, ...result } = await first
    expect(outcome).toBe('CANCELLED')
    expect(result).toMatchObject({ stream: { status: 'CANCELLED' }, answer: { status: 'PARTIAL' } })
    expect(await second).toEqual({ ...result, outcome: 'ALREADY_CANCELLED' })
    expect(countEnds(await fixture.readLog(stream.sessionId))).toBe(1)
    expect(await fixture.findAnswer(stream.id)).toEqual(result.answer)
  })

  test('yields one end, which is the same for everyone, whatever comes first', async () => {
    let goOn = newLatch()
    await using fixture = newChatFixture(async function* () {
      yield { type: 'text', block: '1', text: 'a' }
      await goOn.opened
      for (const text of ['b', 'c']) {
        yield { type: 'text', block: '1', text }
        await Promise.resolve()
      }
    })
    const result = {
      COMPLETED: ['ALREADY_FINISHED', 'ALREADY_FINISHED'],
      CANCELLED: ['CANCELLED', 'ALREADY_CANCELLED'],
    }
    const statuses = new Set<string>()
    for (let turn = 0; turn < 100; turn += 1) {
      goOn = newLatch()
      const stream = await fixture.start('Hi')
      goOn.open()
      // A growing delay, so that the cancel arrives between any two steps of the answer.
      for (let step = 0; step < turn; step += 1) await (step % 10 === 9 ? yieldToEventLoop() : Promise.resolve())
      const answers = await Promise.all([fixture.chats.cancel(stream.id), fixture.chats.cancel(stream.id)])
      const [{ outcome: _, ...first }, { outcome: __, ...second }] = answers
      expect(second).toEqual(first)
      statuses.add(first.stream.status)
      expect(result).toHaveProperty(
        first.stream.status,
        answers.map(({ outcome }) => outcome),
      )
      expect(await fixture.findAnswer(stream.id)).toEqual(first.answer)
      const events = await fixture.readLog(stream.sessionId)
      expect(countEnds(events)).toBe(1)
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1))
    }
    expect([...statuses].sort()).toEqual(['CANCELLED', 'COMPLETED'])
  })
})

describe('an agent that ignores its abort signal', () => {
  const after: readonly AgentEvent[] = [
    { type: 'text', block: '1', text: ' and more' },
    { type: 'reasoning', block: '2', text: 'hm' },
    { type: 'tool-call', callId: 'call_1', name: 'look', argumentsText: '{}' },
    { type: 'tool-result', callId: 'call_1', result: 'seen' },
    {
      type: 'usage',
      usage: { estimated: false, inputTokens: 1, outputTokens: 1, reasoningTokens: 0, cachedInputTokens: 0 },
    },
  ]

  test('has its later events refused and counted', async () => {
    const through = newLatch()
    await using fixture = newChatFixture(async function* ({ signal }) {
      yield { type: 'text', block: '1', text: 'Hello' }
      await waitForAbort(signal)
      yield* after
      through.open()
    }, answerThenWait('Second'))
    const stream = await fixture.start('Hi')
    const { outcome, ...result } = await fixture.chats.cancel(stream.id)
    expect(outcome).toBe('CANCELLED')
    const second = await fixture.start('Again', { sessionId: stream.sessionId })
    await through.opened
    expect(fixture.chats.lateEventCount).toBe(after.length)
    expect(await fixture.chats.cancel(stream.id)).toEqual({ ...result, outcome: 'ALREADY_CANCELLED' })
    expect(await fixture.findAnswer(stream.id)).toEqual(result.answer)
    expect(result.answer?.parts).toMatchObject([{ type: 'text', text: 'Hello' }])
    await fixture.chats.cancel(second.id)
    const mine = (await fixture.readLog(stream.sessionId)).filter(({ streamId }) => streamId === stream.id)
    expect(mine.at(-1)).toMatchObject({ type: 'StreamFinished', seq: result.stream.lastSeq })
  })

  test('changes nothing if it fails or completes afterwards', async () => {
    for (const fails of [true, false]) {
      const through = newLatch()
      await using fixture = newChatFixture(async function* ({ signal }) {
        yield { type: 'text', block: '1', text: 'Hello' }
        await waitForAbort(signal)
        through.open()
        if (fails) throw new Error('the connection is gone')
      })
      const stream = await fixture.start('Hi')
      const { outcome: _, ...result } = await fixture.chats.cancel(stream.id)
      await through.opened
      expect(await fixture.chats.cancel(stream.id)).toEqual({ ...result, outcome: 'ALREADY_CANCELLED' })
      expect(countEnds(await fixture.readLog(stream.sessionId))).toBe(1)
      expect(fixture.loggedErrors).toEqual([])
    }
  })

  test('and never waits for I/O does not block the event loop', async () => {
    const over = new AbortController()
    await using fixture = newChatFixture(
      async function* () {
        while (!over.signal.aborted) yield { type: 'text', block: '1', text: 'on and ' }
      },
      answerThenWait('Second', Promise.resolve()),
    )
    try {
      const stream = await fixture.start('Hi')
      const other = await fixture.start('Hi')
      expect((await fixture.follow(other.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
      const result = await fixture.chats.cancel(stream.id)
      expect(result.outcome).toBe('CANCELLED')
      // Timers still fire.
      await new Promise((resolve) => setTimeout(resolve, 1))
      expect(await fixture.findAnswer(stream.id)).toEqual(result.answer)
    } finally {
      over.abort()
    }
  })

  test('and never yields again is not waited for', async () => {
    await using fixture = newChatFixture(async function* () {
      await forever
      yield { type: 'text', block: '1', text: 'never' }
    })
    const stream = await fixture.start('Hi')
    expect(await fixture.chats.cancel(stream.id)).toMatchObject({ outcome: 'CANCELLED', answer: null })
    expect(fixture.chats.activeStreamCount).toBe(0)
  })
})

describe('a cancel before the model is called', () => {
  test('ends the stream, and the model is never called', async () => {
    const reading = newLatch()
    const release = newLatch()
    let wasCalled = false
    await using fixture = newChatFixture(async function* ({ loadHistory, signal }) {
      reading.open()
      await release.opened
      await loadHistory()
      if (signal.aborted) return
      wasCalled = true
      yield { type: 'text', block: '1', text: 'never' }
    }, answerThenWait('Second'))
    const stream = await fixture.start('Hi')
    await reading.opened
    const result = await fixture.chats.cancel(stream.id)
    release.open()
    expect(result).toMatchObject({
      outcome: 'CANCELLED',
      answer: null,
      stream: { status: 'CANCELLED', messageId: null },
    })
    const again = await fixture.start('Again', { sessionId: stream.sessionId })
    expect(await fixture.chats.cancel(again.id)).toMatchObject({ outcome: 'CANCELLED' })
    expect(wasCalled).toBe(false)
    expect(
      (await fixture.chats.messageQueries.loadPage(await sessionOf(fixture, stream.sessionId), page)).map(
        ({ role }) => role,
      ),
    ).toEqual(['USER', 'USER', 'ASSISTANT'])
  })
})

const page = { limit: 100, after: null, before: null, backwards: false }

async function sessionOf({ profile }: ReturnType<typeof newChatFixture>, sessionId: string) {
  const [found] = await profile.segueSessions.findSessions([sessionId])
  if (!found) throw new Error('The session is missing.')
  return found
}

describe('a cancel while a tool runs', () => {
  test('ends the call as CANCELLED, and its later result is refused', async () => {
    const running = newLatch()
    const through = newLatch()
    await using fixture = newChatFixture(async function* ({ signal }) {
      yield { type: 'text', block: '1', text: 'I look.' }
      yield { type: 'tool-call', callId: 'call_1', name: 'look', argumentsText: '{"at":"x"}' }
      running.open()
      await waitForAbort(signal)
      yield { type: 'tool-result', callId: 'call_1', result: 'seen' }
      through.open()
    })
    const stream = await fixture.start('Hi')
    await running.opened
    const result = await fixture.chats.cancel(stream.id)
    await through.opened
    expect(result.answer?.parts).toMatchObject([
      { type: 'text', text: 'I look.' },
      { type: 'tool', call: { state: 'CANCELLED', argumentsText: '{"at":"x"}', argumentsWhole: true, result: null } },
    ])
    expect(await fixture.findAnswer(stream.id)).toEqual(result.answer)
    expect(fixture.chats.lateEventCount).toBe(1)
  })
})
