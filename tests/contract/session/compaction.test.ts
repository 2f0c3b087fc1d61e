import { describe, expect, test } from 'vitest'
import {
  ask,
  requireNonNull,
  readUntil,
  expectRefusal,
  expectSubscriptionRefusal,
  mutate,
} from '../support/typed-client.ts'
import {
  loadEvents,
  followSession,
  isEventOfType,
  never,
  newSession,
  loadSession,
  startChat,
  loadTranscript,
  streamToEnd,
} from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import {
  CompactSessionDocument,
  MessagesDocument,
  StartChatDocument,
  StreamChatDocument,
} from '../generated/graphql.ts'
import { newTestEnvironment } from '../support/test-environment.ts'

const compact = async (client: Client, id: string, key: string | null = null) =>
  (await mutate(client, CompactSessionDocument, { id, key })).compactSession

const text = (content: string) => [{ type: 'text', text: content }]
const summary = [
  'This chat goes on from an earlier one. What was said there, in short:',
  'Oaks, in short.',
  'What the user said there, word for word:',
  '> Which trees?',
].join('\n\n')

/** A session as it is, without the end of its log: attempts to compact it leave events. */
const withoutHeadSeq = <Session extends { readonly headSeq: number }>({ headSeq: _headSeq, ...session }: Session) =>
  session

/** The provider's answers to a request for a summary and to other requests. */
const isSummary = (body: { readonly messages: readonly unknown[] }): boolean =>
  JSON.stringify(body.messages).includes('It is about to be continued by an assistant')

/** The texts of the last request to the provider. */
const sent = (messages: readonly { readonly role: string; readonly content?: unknown }[]): string[] =>
  messages.map(({ role, content }) => `${role} ${typeof content === 'string' ? content : JSON.stringify(content)}`)

describe.each(transports)('A compacted session, over %s,', (transport) => {
  test('continues in a new session, which its log, compactSession and the lineage name', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue('Oaks.')
    const { end } = await streamToEnd(client, { text: 'Which trees?' })
    const id = end.stream.session.id
    const events = followSession(client, id, end.seq)
    provider.enqueue([
      { text: 'Oaks, in short.' },
      { finish: 'stop' },
      { usage: { input: 50, output: 8, reasoning: 2, cached: 40 } },
    ])
    const next = await compact(client, id)

    const counts = { estimated: false, inputTokens: 50, outputTokens: 8, reasoningTokens: 2, cachedInputTokens: 40 }
    const usage = { ...counts, cost: null }
    expect(next).toMatchObject({
      title: 'Which trees?',
      origin: 'SEGUE',
      source: 'segue',
      model: null,
      endedAt: null,
      endReason: null,
      messageCount: 1,
      headSeq: 0,
      usage,
      parent: { id },
      lineageRoot: { id },
      segmentCount: 2,
      modelContext: [{ role: 'user', content: text(summary) }],
    })
    expect(await loadSession(client, next.id)).toEqual(next)
    const { session } = await ask(client, MessagesDocument, { sessionId: next.id })
    expect(requireNonNull(session).messages.edges.map(({ node }) => node)).toMatchObject([
      {
        role: 'SYSTEM',
        kind: 'SUMMARY',
        summarizedCount: 2,
        status: 'COMPLETE',
        text: 'Oaks, in short.',
        stream: null,
        model: 'local/test',
        usage,
      },
    ])

    const { last, received } = await readUntil(events, isEventOfType('SessionContinued'))
    await events.return()
    // The compaction begins and ends.
    expect(received.map(({ type }) => type)).toEqual(['SessionChanged', 'SessionChanged', 'SessionContinued'])
    expect(last).toEqual({
      type: 'SessionContinued',
      seq: end.seq + 3,
      at: last.at,
      sessionId: id,
      streamId: null,
      from: { id },
      toId: next.id,
      to: { id: next.id },
    })
    const old = await loadSession(client, id)
    expect(old).toMatchObject({ endReason: 'compression', endedAt: last.at, headSeq: last.seq, messageCount: 2 })
    expect((await loadEvents(client, id, end.seq)).at(-1)).toEqual(last)
    expect(old.compacting).toBe(false)
    expect(await loadTranscript(client, id)).toEqual(['USER Which trees?', 'ASSISTANT Oaks.'])

    // The next request contains the summary instead of the earlier messages.
    provider.enqueue('Pears.')
    await streamToEnd(client, { sessionId: next.id, text: 'And fruit?' })
    expect(sent(requireNonNull(provider.requests.at(-1)).body.messages)).toEqual([`user ${summary}\n\nAnd fruit?`])
    expect(provider.rejections).toEqual([])
    expect(environment.segue.warnings).toEqual([])
  })

  test('refuses messages with STALE and the id of its tip, across several continuations', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.defaultAnswer = ({ body }) => (isSummary(body) ? 'Oaks, in short.' : 'Oaks.')
    const { end } = await streamToEnd(client, { text: 'Which trees?' })
    const ids = [end.stream.session.id]
    for (let hop = 1; hop <= 3; hop += 1) {
      const next = await compact(client, requireNonNull(ids.at(-1)))
      expect(next).toMatchObject({ parent: { id: ids.at(-1) }, lineageRoot: { id: ids[0] }, segmentCount: hop + 1 })
      ids.push(next.id)
      // A summary alone cannot be summarised again.
      await streamToEnd(client, { sessionId: next.id, text: 'And which else?' })
    }
    const tipId = ids.pop()
    for (const sessionId of ids) {
      for (const ifBusy of ['REJECT', 'QUEUE', 'INTERRUPT'] as const) {
        const variables = { sessionId, text: 'Hi', ifBusy }
        expect(await expectRefusal(client, StartChatDocument, variables)).toMatchObject({ code: 'STALE', tipId })
        expect(await expectSubscriptionRefusal(client, StreamChatDocument, variables)).toMatchObject({
          code: 'STALE',
          tipId,
        })
      }
      expect(await expectRefusal(client, CompactSessionDocument, { id: sessionId })).toMatchObject({
        code: 'STALE',
        tipId,
      })
    }
  })

  test('is busy while it is compacted, until a message interrupts the compaction', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    provider.enqueue('Oaks.')
    const { end } = await streamToEnd(client, { text: 'Which trees?' })
    const sessionId = end.stream.session.id
    const before = withoutHeadSeq(await loadSession(client, sessionId))
    const events = followSession(client, sessionId, end.seq)
    provider.enqueue([{ text: 'Oaks' }, { wait: never }])
    const refused = expectRefusal(environment.connect(transport), CompactSessionDocument, { id: sessionId })
    const { closed } = await provider.waitForRequest(1)

    const busy = { code: 'SESSION_BUSY' }
    expect(await expectRefusal(client, StartChatDocument, { sessionId, text: 'Hi' })).toMatchObject(busy)
    expect(await expectRefusal(client, CompactSessionDocument, { id: sessionId })).toMatchObject(busy)
    await readUntil(events, isEventOfType('SessionChanged'))
    expect(withoutHeadSeq(await loadSession(client, sessionId))).toEqual({ ...before, compacting: true })

    provider.enqueue('Pears.')
    const answer = await streamToEnd(client, { sessionId, text: 'And fruit?', ifBusy: 'INTERRUPT' })
    expect(answer.end.stream).toMatchObject({ status: 'COMPLETED', session: { id: sessionId } })
    expect(await refused).toMatchObject(busy)
    expect(await closed).toBe('client')
    await readUntil(events, isEventOfType('SessionChanged'))
    await events.return()
    expect(await loadSession(client, sessionId)).toMatchObject({ endedAt: null, messageCount: 4, compacting: false })
  })

  test('is unchanged when the model cannot write a summary: the error is PROVIDER', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { end } = await streamToEnd(client, { text: 'Which trees?' })
    const id = end.stream.session.id
    const before = withoutHeadSeq(await loadSession(client, id))
    const full = { status: 400, body: { error: { message: 'too long', code: 'context_length_exceeded' } } }
    for (const script of [
      [full],
      [{ text: ' \n ' }, { finish: 'stop' }] as const,
      [{ text: 'Oa' }, { cut: true }] as const,
    ]) {
      provider.enqueue(script)
      expect(await expectRefusal(client, CompactSessionDocument, { id, key: 'k' })).toMatchObject({
        code: 'PROVIDER',
        message: expect.stringContaining('The session is unchanged.'),
      })
      expect(withoutHeadSeq(await loadSession(client, id))).toEqual(before)
    }
    // The key of the failed call is free.
    provider.enqueue('Oaks, in short.')
    expect((await compact(client, id, 'k')).parent).toEqual({ id })
  })

  test('has one continuation per key', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { end } = await streamToEnd(client, { text: 'Which trees?', key: 'chat' })
    const id = end.stream.session.id
    const continuations = await Promise.all(Array.from({ length: 4 }, () => compact(client, id, 'k')))
    expect(new Set(continuations.map((next) => next.id)).size).toBe(1)
    expect(await compact(client, id, 'k')).toEqual(continuations[0])
    expect(provider.requests).toHaveLength(2)

    const mismatch = { code: 'IDEMPOTENCY_MISMATCH' }
    const next = requireNonNull(continuations[0]).id
    expect(await expectRefusal(client, CompactSessionDocument, { id: next, key: 'k' })).toMatchObject(mismatch)
    expect(await expectRefusal(client, StartChatDocument, { sessionId: next, text: 'Hi', key: 'k' })).toMatchObject(
      mismatch,
    )
    expect(await expectRefusal(client, CompactSessionDocument, { id, key: 'chat' })).toMatchObject({
      ...mismatch,
      streamId: end.streamId,
    })
  })

  test('must be a Segue session with messages', async () => {
    await using environment = await newTestEnvironment(transport, {
      fillHermes: (db) => void db.addMessage(db.addSession('hermes-1'), 2),
    })
    const { client, provider } = environment
    const refused = (id: string) => expectRefusal(client, CompactSessionDocument, { id })
    expect(await refused('ses_nowhere')).toMatchObject({ code: 'NOT_FOUND' })
    expect(await refused('hermes-1')).toMatchObject({ code: 'SESSION_READ_ONLY' })
    const empty = await newSession(client)
    expect(await refused(empty)).toMatchObject({ code: 'BAD_USER_INPUT', path: ['id'] })
    provider.enqueue([{ open: true }, { wait: never }])
    const { id, session } = await startChat(client, { text: 'Hi' })
    expect(await refused(session.id)).toMatchObject({ code: 'SESSION_BUSY', streamId: id })
    expect(await expectRefusal(client, CompactSessionDocument, { id: empty, key: '' })).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['key'],
    })
  })
})

describe('A session whose context grows', () => {
  test('is summarised and continued once it fills the share of the context window, without being busy', async () => {
    await using environment = await newTestEnvironment('webSocket', {
      contextWindow: 1000,
      settings: { autoCompactThreshold: 0.5 },
    })
    const { client, provider } = environment
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const leaves = 'leaf '.repeat(200)
    provider.defaultAnswer = ({ body }) =>
      isSummary(body) ? [{ text: 'Oaks, in short.' }, { wait: released }, { finish: 'stop' }] : leaves
    const { end } = await streamToEnd(client, { text: 'Which trees?' })
    const sessionId = end.stream.session.id
    await streamToEnd(client, { sessionId, text: 'And more?' })
    await provider.waitForRequest(2)
    // A message starts at once. It is answered in the same session, which is continued after it.
    expect(await loadSession(client, sessionId)).toMatchObject({ compacting: false, endedAt: null })
    provider.enqueue('Few.')
    const third = await streamToEnd(client, { sessionId, text: 'How many?' })
    expect(third.end.stream).toMatchObject({ status: 'COMPLETED', session: { id: sessionId } })
    release()
    const { received, last } = await readUntil(
      followSession(client, sessionId, third.end.seq),
      isEventOfType('SessionContinued'),
    )
    // The checkpoint, with which the context changes, and the continuation.
    expect(received.map(({ type }) => type)).toEqual(['SessionChanged', 'SessionContinued'])
    expect(provider.requests.filter(({ body }) => isSummary(body))).toHaveLength(1)
    const { modelContext, messageCount } = await loadSession(client, last.toId)
    expect(messageCount).toBe(1)
    expect(JSON.stringify(modelContext)).toMatch(/Oaks, in short.*Which trees\?.*And more\?.*leaf.*How many\?.*Few\./)
    expect(provider.rejections).toEqual([])
  })

  test('is summarised within a turn whose request does not fit, and continued after it', async () => {
    await using environment = await newTestEnvironment('webSocket', {
      contextWindow: 1000,
      settings: { autoCompactThreshold: 0.9 },
    })
    const { client, provider } = environment
    provider.defaultAnswer = ({ body }) => (isSummary(body) ? 'Oaks, in short.' : 'leaf '.repeat(400))
    const { end } = await streamToEnd(client, { text: 'Which trees?' })
    const sessionId = end.stream.session.id
    const long = await streamToEnd(client, { sessionId, text: `And these? ${'oak '.repeat(450)}` })
    expect(long.end.stream).toMatchObject({ status: 'COMPLETED', session: { id: sessionId } })
    expect(provider.requests.map(({ body }) => isSummary(body)).slice(0, 3)).toEqual([false, true, false])
    const request = JSON.stringify(provider.requests[2]?.body.messages)
    expect(request).toMatch(/Oaks, in short.*Which trees\?.*And these\?/)
    // The summary is a step of the stream: it counts, and is no part of the answer.
    expect(long.events.map(({ type }) => type)).not.toContain('SessionContinued')
    expect(requireNonNull(long.end.message).text).not.toContain('in short')
    const { received } = await readUntil(
      followSession(client, sessionId, long.end.seq),
      isEventOfType('SessionContinued'),
    )
    expect(received.map(({ type }) => type)).toEqual(['SessionChanged', 'SessionContinued'])
    expect(provider.rejections).toEqual([])
  })

  test('shortens the oldest tool results within one long turn', async () => {
    await using environment = await newTestEnvironment('webSocket', { contextWindow: 1000 })
    const { client, provider } = environment
    const name = `look_${'x'.repeat(1200)}`
    for (let count = 0; count < 3; count += 1) {
      provider.enqueue([{ toolCall: { id: `call_${count}`, name, arguments: ['{}'] } }, { finish: 'tool_calls' }])
    }
    const { end } = await streamToEnd(client, { text: 'Look.' })
    expect(end.stream.status).toBe('COMPLETED')
    const results = provider.requests.map(({ body }) =>
      body.messages.flatMap(({ role, content }) =>
        role === 'tool' ? [JSON.stringify(content).length < name.length] : [],
      ),
    )
    expect(results.map((shortened) => shortened[0] ?? null)).toEqual([null, false, true, true])
    // The log keeps the complete results.
    expect(requireNonNull(end.message).toolCalls.map(({ error }) => error?.includes('There is no tool named'))).toEqual(
      [true, true, true],
    )
    expect(provider.rejections).toEqual([])
  })
})

test('The usage of a generated title counts in the session, that of a summary in its continuation', async () => {
  await using environment = await newTestEnvironment('http', { settings: { generateTitles: true } })
  const { client, provider } = environment
  provider.enqueue([
    { text: 'Oaks.' },
    { finish: 'stop' },
    { usage: { input: 10, output: 2, reasoning: 1, cached: 4 } },
  ])
  provider.enqueue([
    { text: '"Trees"' },
    { finish: 'stop' },
    { usage: { input: 30, output: 3, reasoning: 2, cached: 5 } },
  ])
  const { end } = await streamToEnd(client, { text: 'Which trees?' })
  const id = end.stream.session.id
  expect(end.stream.usage).toMatchObject({ inputTokens: 10, outputTokens: 2, reasoningTokens: 1, cachedInputTokens: 4 })
  expect(requireNonNull(end.message).usage).toEqual(end.stream.usage)
  const { last } = await readUntil(followSession(client, id, end.seq), isEventOfType('SessionChanged'))
  const counts = { estimated: false, inputTokens: 40, outputTokens: 5, reasoningTokens: 3, cachedInputTokens: 9 }
  const usage = { ...counts, cost: null }
  expect(await loadSession(client, id)).toMatchObject({ title: 'Trees', headSeq: last.seq, usage })

  provider.enqueue([{ text: 'Oaks, in short.' }, { finish: 'stop' }])
  const next = await compact(client, id)
  expect(next).toMatchObject({ title: 'Trees', usage: { estimated: true, reasoningTokens: 0, cachedInputTokens: 0 } })
  expect(next.usage.inputTokens).toBeGreaterThan(50)
  expect(next.usage.outputTokens).toBe(4)
  expect((await loadSession(client, id)).usage).toEqual(usage)
})
