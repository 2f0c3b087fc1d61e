import { describe, expect, test } from 'vitest'
import { HermesChat, hermesSummary } from '../../support/hermes/hermes-chat.ts'
import type { HermesDb } from '../../support/hermes/hermes-db.ts'
import { ask, requireNonNull, readUntil, expectRefusal, mutate } from '../support/typed-client.ts'
import {
  loadEvents,
  followStream,
  isEventOfType,
  newSession,
  loadSession,
  startChat,
  streamChat,
  loadTranscript,
  streamToEnd,
} from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import {
  CompactSessionDocument,
  ForkSessionDocument,
  MessagesDocument,
  RegenerateDocument,
  type RegenerateMutationVariables,
  StartChatDocument,
} from '../generated/graphql.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'

const fork = async (client: Client, messageId: string) =>
  (await mutate(client, ForkSessionDocument, { messageId })).forkSession

const regenerate = async (client: Client, variables: RegenerateMutationVariables) =>
  (await mutate(client, RegenerateDocument, variables)).regenerate

const dot = 'data:image/png;base64,iVBORw0KGgo='

async function messagesOf(client: Client, sessionId: string) {
  const { session } = await ask(client, MessagesDocument, { sessionId })
  return requireNonNull(session).messages.edges.map(({ node }) => node)
}

/** A value without what changes with the copies of messages and with other tries of their turns. */
const withoutCopies = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, member: unknown) => (key === 'copyOf' || key === 'alternatives' ? undefined : member)),
  )

/** Everything that can be read of a session, except deltas, which may be coalesced at any time. */
const everything = async (client: Client, id: string) => [
  await loadSession(client, id),
  withoutCopies(await messagesOf(client, id)),
  withoutCopies((await loadEvents(client, id)).filter(({ type }) => !type.endsWith('Delta'))),
]

/** The texts of the newest request to the provider, with their roles. */
const listSentTexts = ({ provider }: TestEnvironment): string[] =>
  requireNonNull(provider.requests.at(-1)).body.messages.map(({ role, content }) =>
    [role, typeof content === 'string' ? content : JSON.stringify(content)].join(' '),
  )

/** Runs three turns: one with a tool call, one that fails, and another one. */
async function talked(
  environment: TestEnvironment,
): Promise<{ id: string; messages: Awaited<ReturnType<typeof messagesOf>> }> {
  const { client, provider } = environment
  provider.enqueue([{ toolCall: { id: 'call_1', name: 'look', arguments: ['{}'] } }, { finish: 'tool_calls' }])
  provider.enqueue('Oaks.')
  const { end } = await streamToEnd(client, { text: 'Which trees?' })
  const id = end.stream.session.id
  provider.enqueue([{ text: 'Pears' }, { toolCall: { id: 'call_2', name: 'look', arguments: ['{"a'] } }, { cut: true }])
  await streamToEnd(client, { sessionId: id, text: 'Which fruit?' })
  provider.enqueue('None.')
  await streamToEnd(client, { sessionId: id, text: 'Which nuts?' })
  return { id, messages: await messagesOf(client, id) }
}

describe.each(transports)('forkSession, over %s,', (transport) => {
  test('copies the messages up to the given one, and leaves the source unchanged', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { id, messages } = await talked(environment)
    const before = await everything(client, id)
    const { modelContext } = await loadSession(client, id)
    if (!Array.isArray(modelContext)) throw new Error('The model context is missing.')
    const lengths = [1, 4, 5, 6, 7, 8]
    expect(messages).toHaveLength(lengths.length)

    for (const [index, message] of messages.entries()) {
      const copy = await fork(client, message.id)
      expect(copy).toMatchObject({
        title: 'Which trees?',
        origin: 'SEGUE',
        forkedFrom: { id: message.id },
        parent: null,
        lineageRoot: { id: copy.id },
        segmentCount: 1,
        messageCount: index + 1,
        headSeq: 0,
        lastActivityAt: message.createdAt,
        usage: { inputTokens: 0, outputTokens: 0 },
      })
      const context = JSON.stringify(copy.modelContext)
      const named = (what: unknown) => JSON.stringify(what).replaceAll(/tcl_[0-9a-z]{26}/g, 'call')
      expect(named(copy.modelContext)).toBe(named(modelContext.slice(0, lengths[index])))
      const copies = await messagesOf(client, copy.id)
      expect(copies.map(({ role, status, text }) => [role, status, text])).toEqual(
        messages.slice(0, index + 1).map(({ role, status, text }) => [role, status, text]),
      )
      const ids = [...messages, ...messages.flatMap(({ toolCalls }) => toolCalls)].map((one) => one.id)
      for (const old of ids) expect(context + JSON.stringify(withoutCopies(copies))).not.toContain(old)
      expect(copies.map(({ copyOf }) => copyOf?.id)).toEqual(messages.slice(0, index + 1).map(({ id: old }) => old))
    }
    expect(await everything(client, id)).toEqual(before)

    const copy = await fork(client, requireNonNull(messages[1]).id)
    provider.enqueue('Elms.')
    await streamToEnd(client, { sessionId: copy.id, text: 'And others?' })
    expect(listSentTexts(environment).at(-1)).toBe('user And others?')
    expect(listSentTexts(environment).join()).not.toMatch(/fruit|nuts|Pears/)
    expect(await loadTranscript(client, copy.id)).toEqual([
      'USER Which trees?',
      'ASSISTANT Oaks.',
      'USER And others?',
      'ASSISTANT Elms.',
    ])
    expect(await everything(client, id)).toEqual(before)
    expect(provider.rejections).toEqual([])
  })

  test('refuses a streaming message, a queued message and an unknown message', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { finish: 'stop' }])
    const events = streamChat(client, { text: 'Hi' })
    const { last } = await readUntil(events, isEventOfType('TextDelta'))
    const waiting = await startChat(client, { sessionId: last.sessionId, text: 'Later', ifBusy: 'QUEUE' })
    for (const document of [ForkSessionDocument, RegenerateDocument]) {
      expect(await expectRefusal(client, document, { messageId: last.messageId })).toMatchObject({
        code: 'SESSION_BUSY',
        streamId: last.streamId,
      })
      expect(await expectRefusal(client, document, { messageId: waiting.userMessage.id })).toMatchObject({
        code: 'BAD_USER_INPUT',
        path: ['messageId'],
      })
      expect(await expectRefusal(client, document, { messageId: 'msg_nowhere' })).toMatchObject({ code: 'NOT_FOUND' })
    }
    held.resolve()
    await readUntil(events, isEventOfType('StreamFinished'))
    expect((await fork(client, last.messageId)).messageCount).toBe(2)
  })

  test('copies a Hermes session to a Segue session, with complete tool calls and images', async () => {
    await using environment = await newTestEnvironment(transport, { fillHermes })
    const { client, provider } = environment
    const messages = await messagesOf(client, 'hermes-1')
    const { modelContext } = await loadSession(client, await newSession(client, 'hermes-1'))
    const copy = await fork(client, requireNonNull(messages.at(-1)).id)
    expect(copy).toMatchObject({
      origin: 'SEGUE',
      title: 'Theirs',
      model: null,
      forkedFrom: { id: messages.at(-1)?.id },
    })
    // The image is that of the copied message.
    const anonymous = (context: unknown) =>
      JSON.stringify(context).replaceAll(/"toolCallId":"[^"]*"|(?<=\/files\/)[^/"]*/g, '')
    expect(anonymous(copy.modelContext)).toBe(anonymous(modelContext))
    const [question] = await messagesOf(client, copy.id)
    const file = question?.parts.find((part) => part.type === 'FilePart')
    // The file is stored by Segue and read from Segue.
    const picture = await fetch(new URL(requireNonNull(file).url, environment.segue.url))
    expect([picture.headers.get('content-type'), Buffer.from(await picture.arrayBuffer()).toString('base64')]).toEqual([
      'image/png',
      dot.replace(/^.*,/, ''),
    ])
    provider.enqueue('Yes.')
    await streamToEnd(client, { sessionId: copy.id, text: 'Sure?' })
    expect(listSentTexts(environment).map((line) => line.split(' ')[0])).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'user',
    ])
    expect(JSON.stringify(listSentTexts(environment))).toContain(dot.replace(/^.*,/, ''))
    expect(provider.rejections).toEqual([])
  })
})

/** Adds a Hermes session with an image, a tool call and its result, which ended with cli_close. */
function fillHermes(db: HermesDb): void {
  const question = [
    { type: 'text', text: 'What is this?' },
    { type: 'image_url', image_url: { url: dot } },
  ]
  db.addSession('hermes-1', { title: 'Theirs', model: 'their/model', end_reason: 'cli_close', ended_at: 9 })
  db.addMessage('hermes-1', 2, { content: `\0json:${JSON.stringify(question)}` })
  db.addToolCalls('hermes-1', 3, ['c'])
  db.addToolResult('hermes-1', 4, 'c', '{"dots":1}')
  db.addMessage('hermes-1', 5, { role: 'assistant', content: 'A dot.' })
}

describe.each(transports)('regenerate, over %s,', (transport) => {
  test.each([
    ['the question', 2, null, 'Which fruit?'],
    ['the answer', 3, null, 'Which fruit?'],
    ['the question and another text', 2, 'Which berries?', 'Which berries?'],
    ['the answer and another text', 3, 'Which berries?', 'Which berries?'],
  ] as const)('answers in a session that ends before the turn, given %s', async (_, index, text, question) => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { id, messages } = await talked(environment)
    const before = await everything(client, id)
    provider.enqueue('Again.')
    const stream = await regenerate(client, { messageId: requireNonNull(messages[index]).id, text })
    expect(stream).toMatchObject({ status: 'RUNNING', userMessage: { text: question } })
    const { last: end } = await readUntil(followStream(client, stream.id), isEventOfType('StreamFinished'))
    expect(end.message).toMatchObject({ text: 'Again.', status: 'COMPLETE', session: { id: stream.session.id } })
    expect(listSentTexts(environment).map((line) => line.replace(/^(assistant|tool) .*/, '$1'))).toEqual([
      'user Which trees?',
      'assistant',
      'tool',
      'assistant',
      `user ${question}`,
    ])
    expect(await loadTranscript(client, stream.session.id)).toEqual([
      'USER Which trees?',
      'ASSISTANT Oaks.',
      `USER ${question}`,
      'ASSISTANT Again.',
    ])
    expect(await loadSession(client, stream.session.id)).toMatchObject({
      parent: null,
      segmentCount: 1,
      activeStream: null,
    })
    expect(await everything(client, id)).toEqual(before)
    expect(provider.rejections).toEqual([])
  })

  test('starts empty for the first turn, and with the earlier messages for a Hermes turn', async () => {
    await using environment = await newTestEnvironment(transport, { fillHermes })
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'Hi' })
    const first = await regenerate(client, { messageId: requireNonNull(end.message).id, text: 'Hello' })
    await readUntil(followStream(client, first.id), isEventOfType('StreamFinished'))
    expect(listSentTexts(environment)).toEqual(['user Hello'])
    const messages = await messagesOf(client, 'hermes-1')
    const again = await regenerate(client, { messageId: requireNonNull(messages.at(-1)).id })
    await readUntil(followStream(client, again.id), isEventOfType('StreamFinished'))
    expect(listSentTexts(environment)).toHaveLength(1)
    expect(listSentTexts(environment)[0]).toContain('What is this?')
    expect(listSentTexts(environment)[0]).toContain(dot.replace(/^.*,/, ''))
    expect(environment.provider.rejections).toEqual([])
  })

  test('joins the stream that it started with the same key', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, provider } = environment
    const { end } = await streamToEnd(client, { text: 'Hi', key: 'chat' })
    const messageId = requireNonNull(end.message).id
    const all = await Promise.all(Array.from({ length: 4 }, () => regenerate(client, { messageId, key: 'k' })))
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    const [first] = all
    await readUntil(followStream(client, requireNonNull(first).id), isEventOfType('StreamFinished'))
    expect((await regenerate(client, { messageId, key: 'k' })).id).toBe(first?.id)
    expect(provider.requests).toHaveLength(2)
    const mismatch = { code: 'IDEMPOTENCY_MISMATCH', streamId: first?.id }
    expect(await expectRefusal(client, RegenerateDocument, { messageId, text: 'Hi', key: 'k' })).toMatchObject(mismatch)
    expect(await expectRefusal(client, StartChatDocument, { text: 'Hi', key: 'k' })).toMatchObject(mismatch)
    expect(await expectRefusal(client, RegenerateDocument, { messageId, key: 'chat' })).toMatchObject({
      ...mismatch,
      streamId: end.streamId,
    })
    expect(await expectRefusal(client, RegenerateDocument, { messageId, text: ' ' })).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['text'],
    })
  })
})

describe('A session that continues a Hermes session', () => {
  const anonymous = (context: unknown) => JSON.stringify(context).replaceAll(/"toolCallId":"[^"]*"/g, '')

  test('has its tool calls and images as context, and a lineage across both databases, also after compaction', async () => {
    await using environment = await newTestEnvironment('http', { fillHermes })
    const { client, provider } = environment
    const id = await newSession(client, 'hermes-1')
    expect((await loadSession(client, 'hermes-1')).modelContext).toBeNull()
    const context = JSON.stringify((await loadSession(client, id)).modelContext)
    for (const content of ['What is this?', 'look', 'dots', 'A dot.']) expect(context).toContain(content)
    provider.enqueue('Yes.')
    await streamToEnd(client, { sessionId: id, text: 'Sure?' })
    expect(listSentTexts(environment)).toHaveLength(5)
    expect(provider.rejections).toEqual([])

    provider.enqueue('A dot, in short.')
    const { compactSession: next } = await mutate(client, CompactSessionDocument, { id })
    const summarised = listSentTexts(environment).join()
    for (const content of ['What is this?', 'calls look', 'Result of look: {\\"dots\\":1}', 'A dot.']) {
      expect(JSON.stringify(summarised)).toContain(JSON.stringify(content.replaceAll('\\"', '"')).slice(1, -1))
    }
    expect(next).toMatchObject({
      title: 'Theirs',
      parent: { id },
      lineageRoot: { id: 'hermes-1' },
      segmentCount: 3,
      messageCount: 1,
    })
    expect(anonymous(next.modelContext)).toContain('A dot, in short.')
    // The newest turn stays as it is.
    expect(anonymous(next.modelContext)).toMatch(/> What is this\?.*Sure\?.*Yes\./)
    expect(anonymous(next.modelContext)).not.toContain('dots')
  })

  test('has the context that Hermes still sent after a compaction in place', async () => {
    await using environment = await newTestEnvironment('http', {
      fillHermes: (db) => {
        const archived = { active: 0, compacted: 1 }
        db.addSession('hermes-1', { end_reason: 'compression' })
        db.addMessage('hermes-1', 1, { content: 'long ago', ...archived, display_order: 1 })
        db.addMessage('hermes-1', 2, { content: 'tail', ...archived, display_order: 2 })
        db.addMessage('hermes-1', 9, { content: 'summary', display_order: 3 })
        db.addMessage('hermes-1', 2, { content: 'tail', display_order: 2 })
      },
    })
    const { client, provider } = environment
    const id = await newSession(client, 'hermes-1')
    provider.enqueue('Yes.')
    await streamToEnd(client, { sessionId: id, text: 'Go on' })
    expect(listSentTexts(environment)).toEqual(['user summary\n\ntail\n\nGo on'])
    expect(await loadTranscript(client, 'hermes-1')).toEqual(['USER long ago', 'USER tail', 'USER summary'])
    const [, tail] = await messagesOf(client, 'hermes-1')
    const copy = await fork(client, requireNonNull(tail).id)
    expect(await loadTranscript(client, copy.id)).toEqual(['USER summary', 'USER tail'])
  })

  test('copies what is shown before an archived message, and what Hermes still sends before a later one', async () => {
    await using environment = await newTestEnvironment('http', {
      fillHermes: (db) => {
        const chat = new HermesChat(db, 'hermes-1')
        chat.addTurns(1, 2, 3, 4)
        const summary = { role: 'user', content: hermesSummary('Of owls.') }
        chat.compact([...chat.live.slice(0, 2), summary, ...chat.live.slice(-3)])
      },
    })
    const { client } = environment
    const messages = await messagesOf(client, 'hermes-1')
    const idOf = (text: string): string => requireNonNull(messages.find((message) => message.text.includes(text))).id
    const copyOf = async (text: string): Promise<string[]> => {
      const { id } = await fork(client, idOf(text))
      return (await messagesOf(client, id)).map((message) => (message.kind === 'SUMMARY' ? 'summary' : message.text))
    }
    expect(await copyOf('a2')).toEqual(['u1', 'a1', 'u2', 'a2'])
    expect(await copyOf('Of owls.')).toEqual(['u1', 'a1', 'summary'])
    expect(await copyOf('a4')).toEqual(['u1', 'a1', 'summary', 'a3', 'u4', 'a4'])

    const retryOf = async (text: string) => {
      environment.provider.enqueue('Again.')
      const { session } = await regenerate(client, { messageId: idOf(text) })
      return (await messagesOf(client, session.id)).filter(({ role }) => role === 'USER').map((message) => message.text)
    }
    expect(await retryOf('a3')).toEqual(['u1', 'u2', 'u3'])
    expect(await expectRefusal(client, RegenerateDocument, { messageId: idOf('Of owls.') })).toMatchObject({
      code: 'BAD_USER_INPUT',
      path: ['messageId'],
    })
  })
})
