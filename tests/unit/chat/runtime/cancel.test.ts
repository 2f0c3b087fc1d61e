import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AgentEvent } from '../../../../src/agent/agent.ts'
import { type ScriptedAnswer, newLatch, newChatFixture } from '../../../support/fixtures/agent-chats.ts'
import { waitForAbort } from '../../../../src/lib/wait-for-abort.ts'
import type { ApiCancelResult } from '../../../support/clients/chat-client.ts'
import { startSegueWithProvider, type SegueWithProvider } from '../../../support/server/segue-with-provider.ts'
import { computeDigest, type Part, toParts, type EventReader } from '../../../support/clients/reader.ts'
import type { ProviderStep } from '../../../support/providers/strict-provider.ts'
import { yieldToEventLoop } from '../../../../src/lib/yield-to-event-loop.ts'

const forever = new Promise<never>(() => {})
const question = 'What is it?'
const asked = { role: 'user', content: question }
const next = { role: 'user', content: 'And now?' }

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
  /** What each request is answered with before the silence. */
  readonly requests: readonly (readonly ProviderStep[])[]
  /** What a reader has been told by then. */
  readonly isReached: (reader: EventReader) => boolean
  /** The saved answer; null where nothing was produced. */
  readonly parts: readonly Part[] | null
  /** What the next request has between the two questions. */
  readonly replayed: readonly unknown[]
}

const id = expect.any(String)
const hasStarted = (reader: EventReader): boolean => reader.events.length > 0
const said = (reader: EventReader): string => reader.parts.map((part) => ('text' in part ? part.text : '')).join('')
const argued = (reader: EventReader): string =>
  reader.parts.map((part) => (part.type === 'tool' ? part.argumentsText : '')).join('')

const phases: readonly Phase[] = [
  { name: 'before the provider answered', requests: [[]], isReached: hasStarted, parts: null, replayed: [] },
  { name: 'before the first token', requests: [[{ open: true }]], isReached: hasStarted, parts: null, replayed: [] },
  {
    name: 'in reasoning',
    requests: [[{ reasoning: 'It may ' }, { reasoning: 'be' }]],
    isReached: (reader) => said(reader) === 'It may be',
    parts: [{ type: 'reasoning', text: 'It may be' }],
    replayed: [],
  },
  {
    name: 'in inline thinking',
    requests: [[{ text: '<think>It may ' }, { text: 'be' }]],
    isReached: (reader) => said(reader) === 'It may be',
    parts: [{ type: 'reasoning', text: 'It may be' }],
    replayed: [],
  },
  {
    name: 'in text',
    requests: [[{ reasoning: 'Hm.' }, { text: 'It is ' }, { text: 'a' }]],
    isReached: (reader) => said(reader) === 'Hm.It is a',
    parts: [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'It is a' },
    ],
    replayed: [{ role: 'assistant', content: 'It is a' }],
  },
  {
    name: 'with half a surrogate pair at the cut',
    requests: [[{ text: 'It is \ud83d' }]],
    isReached: (reader) => said(reader) === 'It is ',
    parts: [{ type: 'text', text: 'It is \ufffd' }],
    replayed: [{ role: 'assistant', content: 'It is \ufffd' }],
  },
  {
    name: 'in the middle of tool arguments',
    requests: [[{ text: 'Let me see.' }, look('call_1', '{"at"', ': "Par')]],
    isReached: (reader) => argued(reader) === '{"at": "Par',
    parts: [
      { type: 'text', text: 'Let me see.' },
      { type: 'tool', id, name: 'look', argumentsText: '{"at": "Par', state: 'CANCELLED' },
    ],
    replayed: [{ role: 'assistant', content: 'Let me see.' }],
  },
  {
    name: 'between a tool’s end and the next token',
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
    ],
  },
  {
    name: 'in the text behind a tool call',
    requests: [
      [look('call_1', '{}'), { finish: 'tool_calls' }],
      [{ text: 'Nothing ' }, { text: 'th' }],
    ],
    isReached: (reader) => said(reader) === 'Nothing th',
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

describe('cancel-in-reasoning-and-at-tool-boundary: a stream that is cancelled', () => {
  describe.each(phases)('$name', ({ requests, isReached, parts, replayed }) => {
    /** A stream in that phase, the provider silent since. */
    async function reached(): Promise<{ streamId: string; sessionId: string; reader: EventReader }> {
      for (const steps of requests) {
        world.provider.enqueue(steps.some((step) => 'finish' in step) ? steps : [...steps, { wait: forever }])
      }
      const stream = await world.client.start({ text: question })
      const reader = world.newReader(stream.id)
      await world.provider.waitForRequest(requests.length - 1)
      await reader.readUntil(isReached)
      return { streamId: stream.id, sessionId: stream.session.id, reader }
    }

    test('saves what was made, the same for everybody, at once and ever after', async () => {
      const { streamId, sessionId, reader } = await reached()
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
      const { streamId } = await reached()
      await world.client.cancel(streamId)
      expect(await world.provider.requests.at(-1)?.closed).toBe('client')
    })

    test('leaves the session free for the next message at once, with the question and the finished part', async () => {
      const { streamId, sessionId } = await reached()
      await world.client.cancel(streamId)
      const stream = await world.client.start({ sessionId, text: next.content })
      expect((await world.newReader(stream.id).readUntilType('StreamFinished')).stream.status).toBe('COMPLETED')
      expect(world.provider.rejections).toEqual([])
      expect(world.provider.requests.at(-1)?.body.messages).toEqual([
        asked,
        ...replayed.map((message) => expect.objectContaining(message)),
        next,
      ])
    })
  })

  test('while it waits for its turn never asks the provider', async () => {
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
    expect(world.provider.requests.map(({ body }) => body.messages.at(-1))).toEqual([asked, next])
    expect(JSON.stringify(world.provider.requests.at(-1)?.body.messages)).not.toContain('Later')
  })
})

describe('two clients at once', () => {
  test('are told the same, one of them that it was the one', async () => {
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

  test('of which one comes back much later is told what was told then', async () => {
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

describe('stop-of-late-arrival: a stop after the end', () => {
  test('touches nothing, and never the next stream', async () => {
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

  test('that failed is told how it ended', async () => {
    world.provider.enqueue([{ text: 'Hel' }, { cut: true }])
    const stream = await world.client.start({ text: question })
    await world.newReader(stream.id).readToEnd()
    expect(await world.client.cancel(stream.id)).toMatchObject({
      outcome: 'ALREADY_FINISHED',
      stream: { status: 'FAILED', error: { code: 'PROVIDER' } },
      message: { status: 'PARTIAL', text: 'Hel' },
    })
  })

  test('of a stream that never was is NOT_FOUND', async () => {
    await expect(world.client.cancel('str_00000000000000000000000000')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

/** Says something, then does not end before it is told to. */
function talks(text: string, { until = forever }: { until?: Promise<unknown> } = {}): ScriptedAnswer {
  return async function* () {
    yield { type: 'text', block: '1', text }
    await until
  }
}

const terminal = (events: readonly { type: string }[]): number =>
  events.filter(({ type }) => type === 'StreamFinished').length

describe('cancel-versus-finish', () => {
  test('the natural end is first: both are told that it completed', async () => {
    const done = newLatch()
    const committing = newLatch()
    const release = newLatch()
    await using scripted = newChatFixture(talks('All of it.', { until: done.opened }))
    const stream = await scripted.start('Hi')
    scripted.hooks.beforeAppend = async ({ events }) => {
      if (terminal(events) === 0) return
      committing.open()
      await release.opened
    }
    done.open()
    await committing.opened
    const answers = Promise.all([scripted.chats.cancel(stream.id), scripted.chats.cancel(stream.id)])
    release.open()
    for (const answer of await answers) {
      expect(answer).toMatchObject({
        outcome: 'ALREADY_FINISHED',
        stream: { status: 'COMPLETED' },
        answer: { status: 'COMPLETE', parts: [{ text: 'All of it.' }] },
      })
    }
    expect(terminal(await scripted.readLog(stream.sessionId))).toBe(1)
  })

  test('the stop is first: both are told that it was cancelled', async () => {
    const done = newLatch()
    const committing = newLatch()
    const release = newLatch()
    await using scripted = newChatFixture(talks('All of it.', { until: done.opened }))
    const stream = await scripted.start('Hi')
    scripted.hooks.beforeAppend = async ({ events }) => {
      if (terminal(events) === 0) return
      committing.open()
      await release.opened
    }
    const first = scripted.chats.cancel(stream.id)
    await committing.opened
    done.open()
    const second = scripted.chats.cancel(stream.id)
    release.open()
    const { outcome, ...told } = await first
    expect(outcome).toBe('CANCELLED')
    expect(told).toMatchObject({ stream: { status: 'CANCELLED' }, answer: { status: 'PARTIAL' } })
    expect(await second).toEqual({ ...told, outcome: 'ALREADY_CANCELLED' })
    expect(terminal(await scripted.readLog(stream.sessionId))).toBe(1)
    expect(await scripted.findAnswer(stream.id)).toEqual(told.answer)
  })

  test('at any moment in between there is one end, and all are told of it alike', async () => {
    let goOn = newLatch()
    await using scripted = newChatFixture(async function* () {
      yield { type: 'text', block: '1', text: 'a' }
      await goOn.opened
      for (const text of ['b', 'c']) {
        yield { type: 'text', block: '1', text }
        await Promise.resolve()
      }
    })
    const told = {
      COMPLETED: ['ALREADY_FINISHED', 'ALREADY_FINISHED'],
      CANCELLED: ['CANCELLED', 'ALREADY_CANCELLED'],
    }
    const statuses = new Set<string>()
    for (let turn = 0; turn < 100; turn += 1) {
      goOn = newLatch()
      const stream = await scripted.start('Hi')
      goOn.open()
      // A stop that comes later and later, between any two things that happen.
      for (let step = 0; step < turn; step += 1) await (step % 10 === 9 ? yieldToEventLoop() : Promise.resolve())
      const answers = await Promise.all([scripted.chats.cancel(stream.id), scripted.chats.cancel(stream.id)])
      const [{ outcome: _, ...first }, { outcome: __, ...second }] = answers
      expect(second).toEqual(first)
      statuses.add(first.stream.status)
      expect(told).toHaveProperty(
        first.stream.status,
        answers.map(({ outcome }) => outcome),
      )
      expect(await scripted.findAnswer(stream.id)).toEqual(first.answer)
      const events = await scripted.readLog(stream.sessionId)
      expect(terminal(events)).toBe(1)
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_event, index) => index + 1))
    }
    expect([...statuses].sort()).toEqual(['CANCELLED', 'COMPLETED'])
  })
})

describe('agent-ignores-abort', () => {
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

  test('what it goes on to do is refused and counted, and changes nothing', async () => {
    const through = newLatch()
    await using scripted = newChatFixture(async function* ({ signal }) {
      yield { type: 'text', block: '1', text: 'Hello' }
      await waitForAbort(signal)
      yield* after
      through.open()
    }, talks('Second'))
    const stream = await scripted.start('Hi')
    const { outcome, ...told } = await scripted.chats.cancel(stream.id)
    expect(outcome).toBe('CANCELLED')
    const second = await scripted.start('Again', { sessionId: stream.sessionId })
    await through.opened
    expect(scripted.chats.lateEventCount).toBe(after.length)
    expect(await scripted.chats.cancel(stream.id)).toEqual({ ...told, outcome: 'ALREADY_CANCELLED' })
    expect(await scripted.findAnswer(stream.id)).toEqual(told.answer)
    expect(told.answer?.parts).toEqual([{ type: 'text', text: 'Hello' }])
    await scripted.chats.cancel(second.id)
    const mine = (await scripted.readLog(stream.sessionId)).filter(({ streamId }) => streamId === stream.id)
    expect(mine.at(-1)).toMatchObject({ type: 'StreamFinished', seq: told.stream.lastSeq })
  })

  test('one that fails afterwards, or ends as if nothing was, changes nothing either', async () => {
    for (const fails of [true, false]) {
      const through = newLatch()
      await using scripted = newChatFixture(async function* ({ signal }) {
        yield { type: 'text', block: '1', text: 'Hello' }
        await waitForAbort(signal)
        through.open()
        if (fails) throw new Error('the connection is gone')
      })
      const stream = await scripted.start('Hi')
      const { outcome: _, ...told } = await scripted.chats.cancel(stream.id)
      await through.opened
      expect(await scripted.chats.cancel(stream.id)).toEqual({ ...told, outcome: 'ALREADY_CANCELLED' })
      expect(terminal(await scripted.readLog(stream.sessionId))).toBe(1)
      expect(scripted.loggedErrors).toEqual([])
    }
  })

  test('one that never waits for anything holds nobody up, before the stop and after it', async () => {
    const over = new AbortController()
    await using scripted = newChatFixture(
      async function* () {
        while (!over.signal.aborted) yield { type: 'text', block: '1', text: 'on and ' }
      },
      talks('Second', { until: Promise.resolve() }),
    )
    try {
      const stream = await scripted.start('Hi')
      const other = await scripted.start('Hi')
      expect((await scripted.follow(other.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
      const told = await scripted.chats.cancel(stream.id)
      expect(told.outcome).toBe('CANCELLED')
      // The clock goes on, and with it everybody else.
      await new Promise((resolve) => setTimeout(resolve, 1))
      expect(await scripted.findAnswer(stream.id)).toEqual(told.answer)
    } finally {
      over.abort()
    }
  })

  test('one that is silent for ever is not waited for', async () => {
    await using scripted = newChatFixture(async function* () {
      await forever
      yield { type: 'text', block: '1', text: 'never' }
    })
    const stream = await scripted.start('Hi')
    expect(await scripted.chats.cancel(stream.id)).toMatchObject({ outcome: 'CANCELLED', answer: null })
    expect(scripted.chats.activeStreamCount).toBe(0)
  })
})

describe('before the model was called', () => {
  test('a stop ends the stream, and the model is not called any more', async () => {
    const reading = newLatch()
    const release = newLatch()
    let wasCalled = false
    await using scripted = newChatFixture(async function* ({ loadHistory, signal }) {
      reading.open()
      await release.opened
      await loadHistory()
      if (signal.aborted) return
      wasCalled = true
      yield { type: 'text', block: '1', text: 'never' }
    }, talks('Second'))
    const stream = await scripted.start('Hi')
    await reading.opened
    const told = await scripted.chats.cancel(stream.id)
    release.open()
    expect(told).toMatchObject({ outcome: 'CANCELLED', answer: null, stream: { status: 'CANCELLED', messageId: null } })
    const again = await scripted.start('Again', { sessionId: stream.sessionId })
    expect(await scripted.chats.cancel(again.id)).toMatchObject({ outcome: 'CANCELLED' })
    expect(wasCalled).toBe(false)
    expect(
      (await scripted.chats.messageQueries.loadPage(await sessionOf(scripted, stream.sessionId), page)).map(
        ({ role }) => role,
      ),
    ).toEqual(['USER', 'USER', 'ASSISTANT'])
  })
})

const page = { limit: 100, after: null, before: null, backwards: false }

async function sessionOf({ profile }: ReturnType<typeof newChatFixture>, sessionId: string) {
  const [found] = await profile.segueSessions.findSessions([sessionId])
  if (!found) throw new Error('the session is not there')
  return found
}

describe('while a tool runs', () => {
  test('the call is CANCELLED, and what it returns later is refused', async () => {
    const running = newLatch()
    const through = newLatch()
    await using scripted = newChatFixture(async function* ({ signal }) {
      yield { type: 'text', block: '1', text: 'I look.' }
      yield { type: 'tool-call', callId: 'call_1', name: 'look', argumentsText: '{"at":"x"}' }
      running.open()
      await waitForAbort(signal)
      yield { type: 'tool-result', callId: 'call_1', result: 'seen' }
      through.open()
    })
    const stream = await scripted.start('Hi')
    await running.opened
    const told = await scripted.chats.cancel(stream.id)
    await through.opened
    expect(told.answer?.parts).toMatchObject([
      { type: 'text', text: 'I look.' },
      { type: 'tool', call: { state: 'CANCELLED', argumentsText: '{"at":"x"}', argumentsWhole: true, result: null } },
    ])
    expect(await scripted.findAnswer(stream.id)).toEqual(told.answer)
    expect(scripted.chats.lateEventCount).toBe(1)
  })
})

describe('when the storage fails', () => {
  const full = new Error('database or disk is full')

  test('once, at the end, the stop is tried again and succeeds with everything that had come in', async () => {
    await using scripted = newChatFixture(talks('Hello'))
    const stream = await scripted.start('Hi')
    let failures = 1
    scripted.hooks.beforeAppend = ({ events }) => {
      if (terminal(events) > 0 && failures-- > 0) throw full
    }
    const told = await scripted.chats.cancel(stream.id)
    expect(told).toMatchObject({ outcome: 'CANCELLED', answer: { parts: [{ text: 'Hello' }] } })
    expect(terminal(await scripted.readLog(stream.sessionId))).toBe(1)
    expect(scripted.loggedErrors).toEqual([full])
  })

  test('for long, the stop is answered all the same, with an error, and takes effect when it can be saved', async () => {
    await using scripted = newChatFixture(talks('Hello'), talks('Second', { until: Promise.resolve() }))
    const stream = await scripted.start('Hi')
    const [read] = await Promise.all([scripted.chats.subscriptions.subscribeToSession(stream.sessionId, 0), undefined])
    const seen: { seq: number; type: string }[] = []
    const reading = (async () => {
      for await (const event of { [Symbol.asyncIterator]: () => read }) {
        seen.push(event)
        if (event.type === 'StreamFinished') return
      }
    })()
    let isFull = true
    scripted.hooks.beforeAppend = () => {
      if (isFull) throw full
    }
    const before = performance.now()
    await expect(scripted.chats.cancel(stream.id)).rejects.toMatchObject({ code: 'INTERNAL' })
    expect(performance.now() - before).toBeLessThan(10_000)
    expect(terminal(seen)).toBe(0)

    isFull = false
    await reading
    expect(await scripted.chats.cancel(stream.id)).toMatchObject({
      outcome: 'ALREADY_CANCELLED',
      answer: { parts: [{ text: 'Hello' }] },
    })
    const second = await scripted.start('Again', { sessionId: stream.sessionId })
    expect((await scripted.follow(second.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  })

  test('in the middle, the stream ends with an error, nothing of the failed batch was shown, the text is kept', async () => {
    const more = newLatch()
    await using scripted = newChatFixture(
      async function* () {
        yield { type: 'text', block: '1', text: 'Hello ' }
        await more.opened
        yield { type: 'text', block: '1', text: 'scripted' }
        await forever
      },
      talks('Second', { until: Promise.resolve() }),
    )
    const stream = await scripted.start('Hi')
    const reading = scripted.follow(stream.id)
    const failed = newLatch()
    const release = newLatch()
    const shown: string[] = []
    scripted.hooks.beforeAppend = async ({ events }) => {
      if (terminal(events) === 0) {
        failed.open()
        throw full
      }
      shown.push(...(await scripted.readLog(stream.sessionId)).map(({ type }) => type))
      await release.opened
    }
    more.open()
    await failed.opened
    release.open()
    const events = await reading
    expect(shown.filter((type) => type === 'TextDelta').length).toBeLessThan(2)
    expect(events.at(-1)).toMatchObject({
      type: 'StreamFinished',
      stream: { status: 'FAILED', error: { code: 'PROVIDER' } },
    })
    delete scripted.hooks.beforeAppend
    expect((await scripted.findAnswer(stream.id))?.parts).toEqual([{ type: 'text', text: 'Hello scripted' }])
    const second = await scripted.start('Again', { sessionId: stream.sessionId })
    expect((await scripted.follow(second.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  })

  test('at the start, nothing is left behind: no message, no stream, no key', async () => {
    await using scripted = newChatFixture(talks('Hello', { until: Promise.resolve() }))
    scripted.hooks.beforeAppend = () => {
      throw full
    }
    await expect(scripted.start('Hi', { idempotencyKey: 'k' })).rejects.toBe(full)
    expect(scripted.chats.activeStreamCount).toBe(0)
    delete scripted.hooks.beforeAppend
    const stream = await scripted.start('Hi', { idempotencyKey: 'k' })
    expect((await scripted.follow(stream.id)).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  })
})
