import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import type { ApiStream } from '../../support/clients/chat-client.ts'
import { newResolvedModel } from '../../support/providers/resolved-model.ts'
import {
  startSegueWithProvider,
  type SegueWithProviderOptions,
  type SegueWithProvider,
  providerKey,
} from '../../support/server/segue-with-provider.ts'
import { type Part, toParts, EventReader } from '../../support/clients/reader.ts'
import type { Script, ProviderStep } from '../../support/providers/strict-provider.ts'

const forever = new Promise<never>(() => {})
const done: readonly ProviderStep[] = [{ finish: 'stop' }, { usage: { input: 3, output: 2 } }]
const id = expect.any(String)

let world: SegueWithProvider

beforeEach(async () => {
  world = await startSegueWithProvider()
})

afterEach(async () => {
  expect(JSON.stringify(world.segue.warnings)).not.toContain(providerKey)
  await world[Symbol.asyncDispose]()
})

interface Answered {
  readonly stream: ApiStream
  readonly reader: EventReader
  /** The stored message, by `node(id)`. */
  readonly parts: readonly Part[]
  readonly text: string
}

/** Sends a message that the provider answers with these scripts, one per request, and waits for the end. */
async function answer(
  scripts: readonly Script[],
  { model, at = world }: { model?: string; at?: SegueWithProvider } = {},
): Promise<Answered> {
  for (const script of scripts) at.provider.enqueue(script)
  const { id: streamId } = await at.client.start({ text: 'Hi', ...(model && { model }) })
  const reader = at.newReader(streamId)
  const { message } = await reader.readUntilType('StreamFinished')
  const stored = message && (await at.client.message(message.id))
  expect(stored).toEqual(message)
  const parts = stored ? toParts(stored) : []
  expect(reader.parts).toEqual(parts)
  return { stream: await at.client.stream(streamId), reader, parts, text: stored?.text ?? '' }
}

/** Expects the session to accept another message, which is sent with the finished parts of the answer before it. */
async function expectUsable({ stream, text }: Answered, at = world): Promise<void> {
  const before = at.provider.requests.length
  const next = await at.client.start({ sessionId: stream.session.id, text: 'Again', model: 'strict/test' })
  expect((await at.newReader(next.id).readUntilType('StreamFinished')).stream.status).toBe('COMPLETED')
  expect(at.provider.rejections).toEqual([])
  expect(at.provider.requests.slice(before).map(({ body }) => body.messages)).toEqual([
    [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: text.trim() === '' ? '[No answer.]' : text },
      { role: 'user', content: 'Again' },
    ],
  ])
}

/** Runs slow cases concurrently, each with a server of its own. */
async function inWorldsBeside<Case>(
  cases: readonly Case[],
  options: SegueWithProviderOptions,
  run: (at: SegueWithProvider, each: Case) => Promise<void>,
): Promise<void> {
  await Promise.all(
    cases.map(async (each) => {
      await using at = await startSegueWithProvider(options)
      await run(at, each)
      expect(JSON.stringify(at.segue.warnings)).not.toContain(providerKey)
    }),
  )
}

const openAIError = (message: string, code: string | null = null) => ({
  error: { message: `${message} (${providerKey})`, type: 'some_error', param: null, code },
})

interface Misbehaviour {
  readonly name: string
  readonly script: Script
  readonly code: string
  readonly text?: string
  readonly parts?: readonly Part[]
  /** The number of requests to the provider; one by default. */
  readonly requests?: number
}

const misbehaviours: readonly Misbehaviour[] = [
  {
    name: 'closes the connection in the middle of the text',
    script: [{ reasoning: 'Hm.' }, { text: 'Hel' }, { text: 'lo' }, { cut: true }],
    code: 'PROVIDER',
    text: 'Hello',
    parts: [
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'Hello' },
    ],
  },
  {
    name: 'closes the connection in the middle of a call',
    script: [
      { text: 'Let me see.' },
      { toolCall: { id: 'call_1', name: 'look', arguments: ['{"at"'] } },
      { cut: true },
    ],
    code: 'PROVIDER',
    text: 'Let me see.',
    parts: [
      { type: 'text', text: 'Let me see.' },
      {
        type: 'tool',
        id,
        name: 'look',
        argumentsText: '{"at"',
        state: 'FAILED',
        error: 'The answer ended before the call was complete. It was not run.',
      },
    ],
  },
  { name: 'ends without a finish reason', script: [{ text: 'Hello' }], code: 'PROVIDER', text: 'Hello' },
  {
    name: 'ends without a finish reason in the middle of a tag',
    script: [{ text: 'Hello<thi' }],
    code: 'PROVIDER',
    text: 'Hello<thi',
  },
  {
    name: 'sends truncated JSON',
    script: [{ text: 'Hello' }, { raw: 'data: {"id":"chatcmpl-1","cho' }, { cut: true }],
    code: 'PROVIDER',
    text: 'Hello',
  },
  {
    name: 'sends unrelated JSON',
    script: [{ text: 'Hello' }, { raw: 'data: {"choices":"none"}' }, { cut: true }],
    code: 'PROVIDER',
    text: 'Hello',
  },
  {
    name: 'sends a malformed event stream',
    script: [{ text: 'Hello' }, { raw: '\u0000\ufffd{:data\n<html>Bad gateway</html>' }, { cut: true }],
    code: 'PROVIDER',
    text: 'Hello',
  },
  {
    name: 'reports an error in the middle',
    script: [{ text: 'Hello' }, { raw: `data: ${JSON.stringify(openAIError('Internal error'))}` }, { wait: forever }],
    code: 'PROVIDER',
    text: 'Hello',
  },
  {
    name: 'reports an overload in the middle',
    script: [{ text: 'Hello' }, { raw: `data: ${JSON.stringify(openAIError('Overloaded'))}` }, { wait: forever }],
    code: 'RATE_LIMIT',
    text: 'Hello',
  },
  {
    name: 'reports a rate limit in the middle',
    script: [
      { text: 'Hello' },
      { raw: `data: ${JSON.stringify(openAIError('Slow down', 'rate_limit_exceeded'))}` },
      { wait: forever },
    ],
    code: 'RATE_LIMIT',
    text: 'Hello',
  },
  { name: 'sends no content', script: [...done], code: 'NO_RESPONSE' },
  {
    name: 'sends reasoning only',
    script: [{ reasoning: 'Hm.' }, ...done],
    code: 'NO_RESPONSE',
    parts: [{ type: 'reasoning', text: 'Hm.' }],
  },
  { name: 'sends an empty text', script: [{ text: '' }, ...done], code: 'NO_RESPONSE' },
  {
    name: 'rejects the API key',
    script: [{ status: 401, body: openAIError('Incorrect API key provided', 'invalid_api_key') }],
    code: 'AUTH',
  },
  {
    name: 'reports an exhausted quota',
    script: [{ status: 429, body: openAIError('You exceeded your current quota', 'insufficient_quota') }],
    code: 'QUOTA',
  },
  {
    name: 'rejects the request',
    script: [{ status: 400, body: openAIError('No') }],
    code: 'PROVIDER',
  },
]

describe('a provider that', () => {
  test.each(misbehaviours)(
    '$name: $code, with what came before, and the session stays usable',
    async (misbehaviour) => {
      const { script, code, text = '', parts, requests = 1 } = misbehaviour
      const answered = await answer([script])
      expect(answered.stream).toMatchObject({ status: 'FAILED', error: { code } })
      expect(answered.text).toBe(text)
      expect(answered.parts).toEqual(parts ?? (text === '' ? [] : [{ type: 'text', text }]))
      expect(world.provider.requests).toHaveLength(requests)
      const { stream } = answered
      const messages = await world.client.messages(stream.session.id)
      expect(messages.map(({ role, status }) => [role, status])).toEqual([
        ['USER', 'COMPLETE'],
        ...(answered.parts.length > 0 ? [['ASSISTANT', 'PARTIAL']] : []),
      ])
      expect(JSON.stringify([stream, messages, answered.reader.events])).not.toContain(providerKey)
      expect(stream.error?.message).not.toMatch(/ {4}at |node_modules|\.ts:|<html>/)
      await expectUsable(answered)
    },
  )

  test('does not know the model: MODEL_NOT_FOUND', async () => {
    const answered = await answer([], { model: 'strict/other' })
    expect(answered.stream).toMatchObject({
      status: 'FAILED',
      error: { code: 'MODEL_NOT_FOUND' },
      model: 'strict/other',
    })
    await expectUsable(answered)
  })

  test('cannot be reached: PROVIDER, and the session can use another model', async () => {
    await world.provider.close()
    const { stream } = await answer([])
    expect(stream).toMatchObject({ status: 'FAILED', error: { code: 'PROVIDER' } })
    const next = await world.client.start({ sessionId: stream.session.id, text: 'Again', model: 'offline/eliza' })
    expect((await world.newReader(next.id).readUntilType('StreamFinished')).stream.status).toBe('COMPLETED')
  })

  test.each([
    ['white space alone', ' \n'],
    ['a single character', '.'],
  ])('sends %s: COMPLETED', async (_, text) => {
    const answered = await answer([[{ text }, ...done]])
    expect(answered.stream).toMatchObject({ status: 'COMPLETED', error: null })
    expect(answered.text).toBe(text)
    await expectUsable(answered)
  })

  test('stops at a length limit or by a content filter: COMPLETED with what it sent', async () => {
    for (const finish of ['length', 'content_filter'] as const) {
      const { stream, text } = await answer([[{ text: 'Hello' }, { finish }]])
      expect([stream.status, text]).toEqual(['COMPLETED', 'Hello'])
    }
  })
})

describe('a provider that sends nothing for too long', () => {
  const phases: readonly [string, readonly ProviderStep[], string][] = [
    ['from the start', [], ''],
    ['after its headers', [{ open: true }], ''],
    ['in its reasoning', [{ reasoning: 'Hm' }], ''],
    ['in its text', [{ text: 'Hel' }], 'Hel'],
    ['in a call', [{ toolCall: { id: 'call_1', name: 'look', arguments: ['{'] } }], ''],
    ['except for comments', [{ text: 'Hel' }, { raw: ': still here' }], 'Hel'],
  ]

  test(`${phases.map(([when]) => when).join(', ')}: TIMEOUT; its connection is closed, and the session stays usable`, () =>
    inWorldsBeside(phases, { limits: { modelIdleSeconds: 1 } }, async (at, [when, steps, text]) => {
      const answered = await answer([[...steps, { wait: forever }]], { at })
      expect(answered.stream, when).toMatchObject({ status: 'FAILED', error: { code: 'TIMEOUT' } })
      expect(answered.text, when).toBe(text)
      expect(at.provider.requests, when).toHaveLength(1)
      expect(await at.provider.requests[0]?.closed, when).toBe('client')
      await expectUsable(answered, at)
    }))
})

describe('a transient failure', () => {
  const busy: ProviderStep = { status: 429, body: openAIError('Slow down', 'rate_limit_exceeded') }
  const broken: ProviderStep = { status: 500, body: openAIError('The server had an error') }

  afterEach(() => void vi.useRealTimers())

  const failures: readonly [string, ProviderStep, string][] = [
    ['500', broken, 'PROVIDER'],
    ['503 with an HTML page', { status: 503, body: '<html>Bad gateway</html>' }, 'PROVIDER'],
    ['429 without a quota error', busy, 'RATE_LIMIT'],
    ['a connection that closes at once', { cut: true }, 'PROVIDER'],
  ]

  test(`is retried twice: ${failures.map(([name]) => name).join(', ')}`, () =>
    inWorldsBeside(failures, {}, async (at, [name, step, code]) => {
      const answered = await answer([[step], [step], [step]], { at })
      expect(answered.stream, name).toMatchObject({ status: 'FAILED', error: { code }, message: null })
      expect(at.provider.requests, name).toHaveLength(3)
      const [first, ...others] = at.provider.requests.map(({ body }) => body)
      for (const other of others) expect(other, name).toEqual(first)
      await expectUsable(answered, at)
    }))

  test('that passes is not visible to clients', async () => {
    const { stream, text, reader } = await answer([[broken], [busy], 'Hello there.'])
    expect([stream.status, text]).toEqual(['COMPLETED', 'Hello there.'])
    expect(reader.events[0]).toMatchObject({ type: 'StreamStarted' })
    expect(world.provider.requests).toHaveLength(3)
  })

  test('is not retried after the first delta of an answer', async () => {
    for (const steps of [[{ reasoning: 'Hm' }], [{ text: 'H' }]]) {
      const before = world.provider.requests.length
      const { stream } = await answer([[...steps, { cut: true }]])
      expect(stream).toMatchObject({ status: 'FAILED', error: { code: 'PROVIDER' } })
      expect(world.provider.requests.length - before, JSON.stringify(steps)).toBe(1)
    }
  })

  test('is retried if the connection breaks after a comment, which is no part of the answer', async () => {
    const { stream, text } = await answer([[{ raw: ': hello' }, { cut: true }], 'Hello there.'])
    expect([stream.status, text]).toEqual(['COMPLETED', 'Hello there.'])
  })

  test('is not retried after five seconds', async () => {
    world.provider.defaultAnswer = () => {
      // The clock that the retries use.
      vi.advanceTimersByTime(4800)
      return [broken]
    }
    vi.useFakeTimers({ toFake: ['performance'] })
    const { stream } = await answer([])
    expect(stream.status).toBe('FAILED')
    expect(world.provider.requests).toHaveLength(1)
  })

  test('is not retried once the stream is cancelled', async () => {
    world.provider.enqueue([broken])
    const stream = await world.client.start({ text: 'Hi' })
    expect(await (await world.provider.waitForRequest(0)).closed).toBe('provider')
    const { outcome, message } = await world.client.cancel(stream.id)
    expect([outcome, message]).toEqual(['CANCELLED', null])
    const next = await world.client.start({ sessionId: stream.session.id, text: 'Again' })
    await world.newReader(next.id).readToEnd()
    expect(world.provider.requests.map(({ body }) => body.messages.length)).toEqual([1, 3])
  })
})

describe('a surrogate pair that is split between chunks', () => {
  test('is joined in text, reasoning and arguments', async () => {
    const { stream, parts } = await answer([
      [
        { reasoning: 'a\ud83d' },
        { reasoning: '\udc4bb' },
        { text: 'c\ud83d' },
        { text: '\udc4bd' },
        { toolCall: { id: 'call_1', name: 'look', arguments: ['{"at":"\ud83d', '\udc4b"}'] } },
        { finish: 'tool_calls' },
      ],
      'Bye.',
    ])
    expect(stream.status).toBe('COMPLETED')
    expect(parts).toMatchObject([
      { type: 'reasoning', text: 'a👋b' },
      { type: 'text', text: 'c👋d' },
      { type: 'tool', argumentsText: '{"at":"👋"}' },
      { type: 'text', text: 'Bye.' },
    ])
    expect(world.provider.rejections).toEqual([])
  })

  test('becomes U+FFFD if its other half never arrives, and no event holds a lone surrogate', async () => {
    const answered = await answer([[{ text: 'a\ud83d' }, { text: 'b\udc4b' }, { text: '\ud83d' }, ...done]])
    expect(answered.text).toBe('a\ufffdb\ufffd\ufffd')
    expect(JSON.stringify(answered.reader.events)).not.toMatch(/\\ud[89a-f]/i)
    await expectUsable(answered)
  })
})

describe('a call of an unknown tool', () => {
  test('fails, the model receives the error, and the answer continues', async () => {
    const { stream, reader, parts } = await answer([
      [
        { text: 'Let me see.' },
        { toolCall: { id: 'call_1', name: 'look', arguments: ['{"at"', ': "Paris"}'] } },
        { toolCall: { index: 1, id: 'call_2', name: 'go away!', arguments: [''] } },
        { finish: 'tool_calls' },
      ],
      'I cannot.',
    ])
    expect(stream.status).toBe('COMPLETED')
    const states = reader.events.flatMap((event) =>
      event.type === 'ToolCallChanged' ? [[event.toolCall.name, event.toolCallState]] : [],
    )
    expect(states).toEqual([
      ['look', 'RUNNING'],
      ['go away!', 'RUNNING'],
      ['look', 'FAILED'],
      ['go away!', 'FAILED'],
    ])
    const calls = ['look', 'go away!'].map((name) => ({
      name,
      state: 'FAILED',
      error: `There is no tool named "${name}".`,
    }))
    expect(parts).toMatchObject([{ text: 'Let me see.' }, ...calls, { text: 'I cannot.' }])

    const messages = world.provider.requests[1]?.body.messages
    expect(messages).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        content: 'Let me see.',
        tool_calls: [{ function: { name: 'look', arguments: '{"at":"Paris"}' } }, { function: { arguments: '{}' } }],
      },
      { role: 'tool', content: 'There is no tool named "look".' },
      { role: 'tool', content: 'There is no tool named "go away!".' },
    ])
    expect(world.provider.rejections).toEqual([])
  })

  test('with arguments that are not JSON fails, and the answer continues', async () => {
    const { stream, parts } = await answer([
      [{ toolCall: { id: 'call_1', name: 'look', arguments: ['{"at": no'] } }, { finish: 'tool_calls' }],
      'I cannot.',
    ])
    expect(stream.status).toBe('COMPLETED')
    expect(parts).toMatchObject([{ argumentsText: '{"at": no', state: 'FAILED' }, { text: 'I cannot.' }])
    expect(world.provider.rejections).toEqual([])
  })
})

describe('large amounts of data', () => {
  test('in thousands of tiny deltas arrive completely', async () => {
    const words = Array.from({ length: 5000 }, (_, n) => `${n} `)
    const { stream, text, reader } = await answer([[...words.map((word) => ({ text: word })), ...done]])
    expect([stream.status, text]).toEqual(['COMPLETED', words.join('')])
    expect(reader.text).toBe(text)
  })

  test(
    'in one delta of 33 MB arrive completely, and other streams continue meanwhile',
    { timeout: 120_000 },
    async ({ annotate }) => {
      const big = 'Ab👋'.repeat((33 * 1024 * 1024) / 6) // six bytes each
      const over = new AbortController()
      world.provider.defaultAnswer = function* (): Generator<ProviderStep> {
        for (let n = 0; !over.signal.aborted; n += 1) {
          yield { text: `${n} ` }
          yield { wait: pause(20) }
        }
        yield { finish: 'stop' }
      }
      const other = await world.client.start({ text: 'Count' })
      const counting = new EventReader(world.newClient().followStream(other.id))
      const counted = counting.readToEnd()
      await world.provider.waitForRequest(0)

      world.provider.enqueue([{ text: big }, ...done])
      const held = monitorEventLoopDelay({ resolution: 1 })
      held.enable()
      const stream = await world.client.start({ text: 'Much' })
      const lengths: number[] = []
      let text = ''
      let countedBefore = 0
      const query = `subscription ($id: ID!) { event: followStream(streamId: $id) { ... on TextDelta { offset text } } }`
      for await (const { event } of world.newClient().subscribe(query, { id: stream.id })) {
        const { data: delta } = z.object({ offset: z.int(), text: z.string() }).safeParse(event)
        if (!delta) continue
        if (text === '') countedBefore = counting.text.length
        expect(delta.offset).toBe(text.length)
        text += delta.text
        lengths.push(delta.text.length)
      }
      held.disable()
      await annotate(
        `The provider's and the reader's share included, the loop was held ${Math.round(held.max / 1e6)} ms.`,
      )
      expect(Math.max(...lengths)).toBeLessThanOrEqual(65_536)
      // Compared with `===`, because a diff would be too large.
      expect(text === big).toBe(true)
      const saved = await world.segue.defaultProfile.chats.messageQueries.findAnswer(stream.id)
      expect(saved?.parts.length === 1 && saved.parts[0]?.type === 'text' && saved.parts[0].text === big).toBe(true)
      expect(saved?.status).toBe('COMPLETE')

      expect(counting.text.length).toBeGreaterThan(countedBefore)
      over.abort()
      await counted
      expect(counting.events.at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
    },
  )

  test('from a tool that returns 33 MB break no transport and no other stream', { timeout: 120_000 }, async () => {
    const big = 'x'.repeat(33 * 1024 * 1024)
    const find = vi.spyOn(world.segue.defaultProfile.models, 'resolve')
    find.mockResolvedValueOnce(
      newResolvedModel({
        async *answer() {
          yield { type: 'tool-call', callId: 'call_1', name: 'read', argumentsText: '{}' }
          yield { type: 'tool-result', callId: 'call_1', result: { content: [big] } }
          yield { type: 'text', block: '1', text: 'Done.' }
        },
      }),
    )
    const middle = Promise.withResolvers<void>()
    world.provider.enqueue([{ text: 'Hel' }, { wait: middle.promise }, { text: 'lo' }, ...done])
    const stream = await world.client.start({ text: 'Read it' })
    const other = await world.client.start({ text: 'Hi' })
    const reader = new EventReader(world.newClient().followStream(stream.id))
    const listening = new EventReader(world.newClient().followStream(other.id))
    await listening.readUntil(() => listening.text === 'Hel')
    await reader.readUntil(() => reader.text === 'Done.')
    middle.resolve()
    expect((await listening.readUntilType('StreamFinished')).message?.text).toBe('Hello')
    const { message } = await reader.readUntilType('StreamFinished')
    const [call] = message?.parts ?? []
    expect(
      call?.type === 'ToolCallPart' && JSON.stringify(call.toolCall.result) === JSON.stringify({ content: [big] }),
    ).toBe(true)
    expect(world.segue.warnings).toEqual([])
  })
})

describe('an unexpected error of an agent', () => {
  test('ends the stream as PROVIDER, and its text is only logged', async () => {
    vi.spyOn(world.segue.defaultProfile.models, 'resolve').mockResolvedValueOnce(
      newResolvedModel({
        async *answer() {
          yield { type: 'text', block: '1', text: 'Hel' }
          throw new Error('the drawer is stuck')
        },
      }),
    )
    const answered = await answer([])
    expect(answered.stream).toMatchObject({ status: 'FAILED', error: { code: 'PROVIDER' } })
    expect(answered.text).toBe('Hel')
    expect(JSON.stringify([answered.stream, answered.reader.events])).not.toContain('drawer')
    expect(JSON.stringify(world.segue.warnings)).toContain('drawer')
    await expectUsable(answered)
  })
})
