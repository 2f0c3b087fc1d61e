import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { AgentError, type AgentEvent } from '../../../../src/agent/agent.ts'
import { toModelMessages } from '../../../../src/chat/context/to-model-messages.ts'
import { loadLineageSummary } from '../../../../src/model/conversation/lineage.ts'
import { withoutRetries } from '../../../support/sessions/lineage-reader.ts'
import { parseBlobUrl } from '../../../../src/model/message-content/blob-url.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { noUsage } from '../../../../src/model/usage.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import type { StreamRecord } from '../../../../src/model/stream.ts'
import {
  type ChatFixture,
  type ChatFixtureOptions,
  type ScriptedAnswer,
  newLatch,
  newChatFixtureWith,
} from '../../../support/fixtures/chats/agent-chats.ts'
import { deleteBlobReferences, readSessionRows } from '../../../support/storage/session-rows.ts'
import { anyAgentEvents } from '../../../support/fixtures/generators.ts'
import type { HermesDb } from '../../../support/hermes/hermes-db.ts'
import { findOpenAiProblems } from '../../../support/fixtures/message-rules.ts'
import { drainEventLoop, textAnswer, modelMessage, runTurn } from '../../../support/fixtures/scripted-answers.ts'

import {
  listSessions,
  listMessages,
  withoutCallIds,
  withoutFileUrls,
  loadContext,
  findMessageBy,
  answerWithTools,
  failingAnswer,
} from '../../../support/fixtures/chats/fork-chats.ts'

const forever = new Promise<never>(() => {})
const { text, user, assistant, summary } = modelMessage
const picture = { name: 'dot.png', mediaType: 'image/png', url: 'data:image/png;base64,iVBORw0KGgo=' }

let opened: ChatFixture[] = []
afterEach(async () => {
  for (const chats of opened.splice(0)) await chats[Symbol.asyncDispose]()
})

function open(options: ChatFixtureOptions, ...answers: ScriptedAnswer[]): ChatFixture {
  const chats = newChatFixtureWith(options, ...answers)
  opened.push(chats)
  return chats
}

describe('a fork', () => {
  test('is a new session that starts with copies of the messages up to the given one', async () => {
    const chats = open({}, answerWithTools, textAnswer('Pears.'))
    const id = await runTurn(chats, null, 'Which trees?')
    await runTurn(chats, id, 'And which fruit?')
    const old = readSessionRows(chats.home, id)
    const message = await findMessageBy(chats, id, 'Oaks.')
    const fork = await chats.chats.fork(message.id)

    expect(fork).toEqual<SessionRecord>({
      id: fork.id,
      origin: 'SEGUE',
      source: 'segue',
      profile: 'default',
      title: 'Which trees?',
      titleSource: 'MESSAGE',
      model: null,
      startedAt: fork.startedAt,
      endedAt: null,
      endReason: null,
      lastActivityAt: message.createdAt,
      pinned: false,
      archived: false,
      parentId: null,
      notContinuationOf: [],
      forkedFrom: message.id,
      retryOf: null,
      takesPlaceOf: null,
      headSeq: 0,
      usage: noUsage,
    })
    expect(await chats.requireSession(fork.id)).toEqual(fork)
    expect(await chats.sessions.countMessages([fork])).toEqual(new Map([[fork.id, 2]]))
    const [question, answer, ...rest] = await listMessages(chats, fork.id)
    expect(rest).toEqual([])
    const originals = await listMessages(chats, id)
    for (const [copy, original] of [
      [question, originals[0]],
      [answer, originals[1]],
    ]) {
      expect(copy).toMatchObject({
        ...original,
        id: copy?.id,
        sessionId: fork.id,
        position: copy?.position,
        streamId: null,
        parts: expect.anything(),
      })
      expect(copy?.id).not.toBe(original?.id)
    }
    expect(withoutCallIds(await loadContext(chats, fork.id))).toEqual(
      withoutCallIds(toModelMessages(originals.slice(0, 2))),
    )
    expect(readSessionRows(chats.home, id)).toEqual(old)

    // The fork and the original session continue independently.
    await runTurn(chats, fork.id, 'Elsewhere')
    expect(readSessionRows(chats.home, id)).toEqual(old)
    expect(JSON.stringify(await loadContext(chats, fork.id))).not.toContain('fruit')
    await runTurn(chats, id, 'Here')
    expect(JSON.stringify(await loadContext(chats, fork.id))).not.toContain('Here')
  })

  test('does not continue the original session', async () => {
    const chats = open({}, textAnswer('Yes.'))
    const id = await runTurn(chats)
    const fork = await chats.chats.fork((await findMessageBy(chats, id, 'Yes.')).id)
    const load = withoutRetries((wanted) => chats.sessions.find(wanted))
    expect(await loadLineageSummary(fork, load)).toMatchObject({ parent: null, root: { id: fork.id }, segmentCount: 1 })
    expect(await loadLineageSummary(await chats.requireSession(id), load)).toMatchObject({ segmentCount: 1 })
    expect(await chats.profile.eventStore.findContinuation(id)).toBeNull()
    expect((await chats.requireSession(id)).endedAt).toBeNull()
  })

  test('of a user message ends with it, and the model is sent it before the next message', async () => {
    const chats = open({}, textAnswer('Yes.'))
    const id = await runTurn(chats, null, 'First')
    const fork = await chats.chats.fork((await findMessageBy(chats, id, 'First')).id)
    expect(await loadContext(chats, fork.id)).toEqual([user('First')])
    await runTurn(chats, fork.id, 'Second')
    expect(await loadContext(chats, fork.id)).toEqual([user('First\n\nSecond'), assistant('Yes.')])
  })

  test('of a failed answer shows the same as the original, and has the same context', async () => {
    const chats = open({}, failingAnswer)
    const id = await runTurn(chats)
    const answer = await findMessageBy(chats, id, 'As far as this')
    const fork = await chats.chats.fork(answer.id)
    const copy = await findMessageBy(chats, fork.id, 'As far as this')
    expect(copy).toMatchObject({ status: 'PARTIAL', parts: [text('As far as this'), { call: { state: 'FAILED' } }] })
    expect(await loadContext(chats, fork.id)).toEqual([user('Hi'), assistant('As far as this')])
  })

  test('of a withdrawn message has the context before it', async () => {
    const latch = newLatch()
    const slow: ScriptedAnswer = async function* () {
      await latch.opened
      yield { type: 'text', block: '1', text: 'One.' }
    }
    const chats = open({}, slow, textAnswer('Three.'))
    const first = await chats.start('First')
    const second = await chats.start('Second', { sessionId: first.sessionId, ifBusy: 'QUEUE' })
    const third = await chats.start('Third', { sessionId: first.sessionId, ifBusy: 'QUEUE' })
    await chats.chats.cancel(second.id)
    latch.open()
    await chats.follow(third.id)
    const fork = await chats.chats.fork(second.userMessageId)
    // The message was withdrawn while the first answer streamed, so the fork has the context before it.
    const fullContext = await loadContext(chats, first.sessionId)
    expect(fullContext.slice(0, (await loadContext(chats, fork.id)).length)).toEqual(await loadContext(chats, fork.id))
    expect(JSON.stringify(await listMessages(chats, fork.id))).not.toContain('Second')
    expect(fork.forkedFrom).toBe(second.userMessageId)
  })

  test('of a streaming message is SESSION_BUSY, of a queued one BAD_USER_INPUT, of an unknown one NOT_FOUND', async () => {
    const chats = open({}, async function* () {
      yield { type: 'text', block: '1', text: 'Half' }
      await forever
    })
    const stream = await chats.start('First')
    for await (const event of await chats.chats.subscriptions.subscribeToStream(stream.id, 0))
      if (event.type === 'TextDelta') break
    const waiting = await chats.start('Second', { sessionId: stream.sessionId, ifBusy: 'QUEUE' })
    const partial = await chats.chats.messageQueries.findAnswer(stream.id)
    for (const way of [
      (id: string) => chats.chats.fork(id),
      (id: string) => chats.chats.regenerate(id, {}),
      (id: string) => chats.chats.regenerate(id, { text: 'Other' }),
    ]) {
      await expect(way(partial?.id ?? '')).rejects.toMatchObject({
        code: 'SESSION_BUSY',
        details: { streamId: stream.id },
      })
      await expect(way(waiting.userMessageId)).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        details: { path: ['messageId'] },
      })
      for (const id of ['msg_01m81xnj68f24r1kf09a48rpvv', 'x', '', stream.id, stream.sessionId]) {
        await expect(way(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      }
    }
    // The user message of the streaming answer can be forked.
    expect(await loadContext(chats, (await chats.chats.fork(stream.userMessageId)).id)).toEqual([user('First')])
  })

  test('of a very long answer has all of its text', async () => {
    const long = 'x'.repeat(300_000)
    const chats = open({}, textAnswer(long), textAnswer('Yes.'))
    const id = await runTurn(chats)
    await runTurn(chats, id)
    expect((await listMessages(chats, id))[1]).toMatchObject({ inLog: true, parts: [] })
    const fork = await chats.chats.fork((await findMessageBy(chats, id, 'Yes.')).id)
    const origin = { step: 0, startedAt: expect.any(Number), endedAt: expect.any(Number) }
    expect((await listMessages(chats, fork.id))[1]?.parts).toEqual([{ ...text(long), ...origin }])
    expect(await loadContext(chats, fork.id)).toEqual(await loadContext(chats, id))
  })

  test('refers to the same files, which stay as long as the fork does', async () => {
    const chats = open({}, textAnswer('A dot.'))
    const stream = await chats.start('What is this?', { files: [picture] })
    await chats.follow(stream.id)
    const fork = await chats.chats.fork((await findMessageBy(chats, stream.sessionId, 'A dot.')).id)
    const [original] = await listMessages(chats, stream.sessionId)
    const [copy] = await listMessages(chats, fork.id)
    expect(copy?.parts).toEqual(original?.parts)
    const file = copy?.parts.find(({ type }) => type === 'file')
    const hash = file?.type === 'file' ? parseBlobUrl(file.url) : null
    deleteBlobReferences(chats.home, stream.sessionId)
    expect(await chats.profile.eventStore.findUnreferencedBlobs([hash ?? ''])).toEqual([])
    expect(JSON.stringify(await loadContext(chats, fork.id))).toContain(`/files/${copy?.id}/1`)
  })

  test('of a fork works at copied and at new messages', async () => {
    const chats = open({}, answerWithTools, textAnswer('Pears.'))
    const id = await runTurn(chats, null, 'Trees?')
    const first = await chats.chats.fork((await findMessageBy(chats, id, 'Oaks.')).id)
    await runTurn(chats, first.id, 'Fruit?')
    const context = withoutCallIds(await loadContext(chats, first.id))
    const lengths = [1, 4, 5, 6]
    for (const [index, message] of (await listMessages(chats, first.id)).entries()) {
      const second = await chats.chats.fork(message.id)
      expect(withoutCallIds(await loadContext(chats, second.id))).toEqual(context.slice(0, lengths[index]))
    }
    expect(await loadContext(chats, id)).toHaveLength(4)
  })

  test('that cannot be stored leaves nothing', async () => {
    const chats = open({}, textAnswer('Yes.'))
    const id = await runTurn(chats)
    const old = readSessionRows(chats.home, id)
    const sessions = await listSessions(chats)
    chats.hooks.beforeCreateSession = () => {
      throw new Error('disk full')
    }
    await expect(chats.chats.fork((await findMessageBy(chats, id, 'Yes.')).id)).rejects.toThrow('disk full')
    expect(await listSessions(chats)).toEqual(sessions)
    expect(readSessionRows(chats.home, id)).toEqual(old)
  })

  test('of an ended session works, and none is created once the service is closed', async () => {
    const chats = open(
      { textGenerator: { generateSummary: async () => ({ text: 'In short.', usage: noUsage }) } },
      textAnswer('Yes.'),
    )
    const id = await runTurn(chats)
    await chats.chats.compact(id, null)
    const message = await findMessageBy(chats, id, 'Yes.')
    expect(await loadContext(chats, (await chats.chats.fork(message.id)).id)).toEqual([user('Hi'), assistant('Yes.')])
    await chats.chats.close()
    await expect(chats.chats.fork(message.id)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await expect(chats.chats.regenerate(message.id, {})).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  })
})

describe('a fork of a continuation', () => {
  test('starts with the summary of the earlier session', async () => {
    const chats = open(
      { textGenerator: { generateSummary: async () => ({ text: 'In short.', usage: noUsage }) } },
      textAnswer('Yes.'),
    )
    const id = await runTurn(chats, null, 'Long ago')
    const next = await chats.chats.compact(id, null)
    await runTurn(chats, next.id, 'Now')
    const fork = await chats.chats.fork((await findMessageBy(chats, next.id, 'Now')).id)
    expect(await loadContext(chats, fork.id)).toEqual([summary('In short.', { quotes: ['Long ago'], next: 'Now' })])
    expect((await listMessages(chats, fork.id))[0]).toMatchObject({ role: 'SYSTEM', summary: true })
    expect(fork.parentId).toBeNull()

    const [first] = await listMessages(chats, next.id)
    const atSummary = await chats.chats.fork(first?.id ?? '')
    expect(await loadContext(chats, atSummary.id)).toEqual([summary('In short.', { quotes: ['Long ago'] })])
    // A summary does not belong to a turn.
    await expect(chats.chats.regenerate(first?.id ?? '', {})).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { path: ['messageId'] },
    })
  })

  test('copies the messages of the Hermes session before it', async () => {
    const hermes = (db: HermesDb): void => {
      db.addSession('hermes-session', { title: 'Hermes title', end_reason: 'cli_close', ended_at: 9 })
      db.addMessage('hermes-session', 2, { content: 'Trees?' })
      db.addToolCalls('hermes-session', 3, ['c'])
      db.addToolResult('hermes-session', 4, 'c', 'oaks')
      db.addMessage('hermes-session', 5, { role: 'assistant', content: 'Oaks.' })
    }
    const chats = open({ fillHermes: hermes }, textAnswer('Pears.'))
    const continuation = await chats.sessions.create({ title: null, model: null, continues: 'hermes-session' })
    await runTurn(chats, continuation.id, 'Fruit?')
    const context = withoutCallIds(await loadContext(chats, continuation.id))
    expect(context).toHaveLength(6)
    const fork = await chats.chats.fork((await findMessageBy(chats, continuation.id, 'Fruit?')).id)
    expect(withoutCallIds(await loadContext(chats, fork.id))).toEqual(context.slice(0, 5))
    // The fork stores copies of all these messages.
    expect(await listMessages(chats, fork.id)).toHaveLength(4)
    expect(findOpenAiProblems(await loadContext(chats, fork.id))).toEqual([])
    const again = await chats.chats.regenerate((await findMessageBy(chats, continuation.id, 'Pears.')).id, {
      text: 'Nuts?',
    })
    await chats.follow(again.id)
    expect(withoutCallIds(await loadContext(chats, again.sessionId))).toEqual([
      ...context.slice(0, 4),
      user('Nuts?'),
      assistant('Pears.'),
    ])
  })
})

describe('a fork of a Hermes session', () => {
  const page = { after: null, before: null, limit: 1000, backwards: false }
  const listHermesMessages = async ({ profile }: ChatFixture): Promise<MessageRecord[]> =>
    (await profile.hermesSessions?.listMessages('hermes-session', page)) ?? []

  test('starts like the context at any message, with complete tool calls, and stores its images', async () => {
    const image = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: picture.url } },
    ]
    const chats = open({
      fillHermes: (db) => {
        db.addSession('hermes-session', { title: 'Hermes title', model: 'hermes/model' })
        db.addMessage('hermes-session', 2, { content: `\0json:${JSON.stringify(image)}` })
        db.addToolCalls('hermes-session', 3, ['c', 'c2'], { content: 'Let me see.' })
        db.addToolResult('hermes-session', 4, 'c2', '{"dots": 1}')
        db.addToolResult('hermes-session', 5, 'c', 'white')
        db.addMessage('hermes-session', 6, { role: 'assistant', content: 'A dot.', reasoning: 'Hm.' })
        db.addToolCalls('hermes-session', 7, ['unanswered'])
      },
    })
    const session = await chats.requireSession('hermes-session')
    const context = withoutCallIds(await chats.chats.loadModelMessages(session))
    const messages = await listHermesMessages(chats)
    // The last two messages are of one role, and are joined.
    const [question, step] = [context.slice(0, 1), context.slice(0, 3)]
    const contexts = [question, step, [...step, assistant('A dot.')], context]
    expect(messages).toHaveLength(contexts.length)
    for (const [index, message] of messages.entries()) {
      const fork = await chats.chats.fork(message.id)
      expect(fork).toMatchObject({
        origin: 'SEGUE',
        title: 'Hermes title',
        titleSource: 'PERSON',
        model: null,
        forkedFrom: message.id,
      })
      const mine = await loadContext(chats, fork.id)
      expect(withoutFileUrls(withoutCallIds(mine))).toEqual(withoutFileUrls(contexts[index] ?? []))
      expect(findOpenAiProblems(mine)).toEqual([])
      const copies = await listMessages(chats, fork.id)
      expect(copies.every(({ id }) => id.startsWith('msg_'))).toBe(true)
      const files = copies.flatMap(({ parts }) => parts.filter((part) => part.type === 'file'))
      expect(files.map(({ url }) => parseBlobUrl(url))).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
    }
    expect(await listHermesMessages(chats)).toEqual(messages)
  })

  /** As an in-place compaction leaves it: everything archived, then a summary and copies of the tail. */
  const compacted =
    (places: boolean) =>
    (db: HermesDb): void => {
      const place = (order: number) => (places ? { display_order: order } : {})
      const archived = { active: 0, compacted: 1 }
      db.addSession('hermes-session')
      db.addMessage('hermes-session', 1, { content: 'first question', ...archived, ...place(1) })
      db.addMessage('hermes-session', 2, { role: 'assistant', content: 'first answer', ...archived, ...place(2) })
      db.addMessage('hermes-session', 3, { content: 'tail', ...archived, ...place(3) })
      db.addToolCalls('hermes-session', 4, ['x'], { ...archived, ...place(4) })
      db.addToolResult('hermes-session', 5, 'x', 'found', { ...archived, ...place(5) })
      db.addMessage('hermes-session', 9, { content: 'summary', _compressed_summary: 1, ...place(6) })
      db.addMessage('hermes-session', 3, { content: 'tail', ...place(3) })
      db.addToolCalls('hermes-session', 4, ['x'], place(4))
      db.addToolResult('hermes-session', 5, 'x', 'found', place(5))
      db.addMessage('hermes-session', 10, { content: 'second question', ...place(10) })
    }

  test.each([true, false])(
    'that was compacted in place copies the context for active messages, and what is shown for archived ones (%s)',
    async (places) => {
      const chats = open({ fillHermes: compacted(places) }, textAnswer('Yes.'))
      const context = withoutCallIds(await chats.chats.loadModelMessages(await chats.requireSession('hermes-session')))
      expect(context).toMatchObject([
        user('summary\n\ntail'),
        { role: 'assistant' },
        { role: 'tool' },
        user('second question'),
      ])
      const forkAt = async (what: string) => {
        const found = (await listHermesMessages(chats)).find(({ parts }) => JSON.stringify(parts).includes(what))
        return withoutCallIds(await loadContext(chats, (await chats.chats.fork(found?.id ?? '')).id))
      }
      expect(await forkAt('second question')).toEqual(context)
      expect(await forkAt('found')).toEqual(context.slice(0, 3))
      expect(await forkAt('tail')).toEqual(context.slice(0, 1))
      expect(await forkAt('summary')).toEqual([user('summary')])
      expect(await forkAt('first answer')).toEqual([user('first question'), assistant('first answer')])
      expect(await forkAt('first question')).toEqual([user('first question')])

      const tail = (await listHermesMessages(chats)).find(({ parts }) => JSON.stringify(parts).includes('tail'))
      const again = await chats.chats.regenerate(tail?.id ?? '', {})
      await chats.follow(again.id)
      expect(await loadContext(chats, again.sessionId)).toEqual([user('summary\n\ntail'), assistant('Yes.')])
    },
  )

  test('cannot regenerate an answer without a user message before it', async () => {
    const chats = open({
      fillHermes: (db) => {
        db.addSession('hermes-session')
        db.addMessage('hermes-session', 2, { role: 'assistant', content: 'Good morning.' })
      },
    })
    const [first] = await listHermesMessages(chats)
    await expect(chats.chats.regenerate(first?.id ?? '', {})).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { path: ['messageId'] },
    })
    expect(await loadContext(chats, (await chats.chats.fork(first?.id ?? '')).id)).toEqual([assistant('Good morning.')])
  })
})

/** The events of an answer, how it ends, and whether a message is queued and withdrawn meanwhile. */
const anyAnswer = fc.record({
  events: anyAgentEvents,
  end: fc.constantFrom('COMPLETED', 'FAILED', 'CANCELLED'),
  withdraws: fc.boolean(),
})

test(
  'a fork at any message of any session has the same context, and leaves the original unchanged',
  { timeout: 60_000 },
  async () => {
    const scripts: { events: readonly AgentEvent[]; end: string; done: () => void }[] = []
    const chats = open({}, async function* (run) {
      await run.loadHistory()
      const script = scripts.shift()
      yield* script?.events ?? []
      script?.done()
      if (script?.end === 'FAILED') throw new AgentError('PROVIDER', 'It broke.')
      if (script?.end === 'CANCELLED') await forever
    })
    await fc.assert(
      fc.asyncProperty(fc.array(anyAnswer, { minLength: 1, maxLength: 4 }), async (answers) => {
        let sessionId: string | null = null
        for (const { events, end, withdraws } of answers) {
          const { promise, resolve } = Promise.withResolvers<void>()
          scripts.push({ events, end, done: resolve })
          const stream: StreamRecord = await chats.start('Question', { sessionId })
          sessionId = stream.sessionId
          if (withdraws) {
            const queued = await chats.start('Withdrawn', { sessionId, ifBusy: 'QUEUE' }).catch(() => null)
            if (queued?.status === 'QUEUED') await chats.chats.cancel(queued.id)
          }
          await promise
          if (end === 'CANCELLED') await chats.chats.cancel(stream.id)
          await chats.follow(stream.id)
          await drainEventLoop()
        }
        const id = sessionId ?? ''
        const context = await chats.sessions.loadContext(await chats.requireSession(id))
        const { messages: fullContext } = await chats.chats.messageQueries.loadContext(await chats.requireSession(id))
        const before = readSessionRows(chats.home, id)
        const ids = new Set(JSON.stringify(context).match(/\b(msg|tcl|ses|str)_[0-9a-z]{26}\b/g))
        for (const message of await listMessages(chats, id)) {
          const fork = await chats.chats.fork(message.id)
          const contextBefore = fullContext.filter(({ position }) => (position ?? 0) <= (message.position ?? 0))
          const sent = await loadContext(chats, fork.id)
          // A copy has no stream, so that messages without an answer are joined.
          const withoutStreams = contextBefore.map((original) => Object.assign({}, original, { streamId: null }))
          expect(withoutCallIds(sent)).toEqual(withoutCallIds(toModelMessages(withoutStreams)))
          expect(findOpenAiProblems(sent)).toEqual([])
          const copies = JSON.stringify(await listMessages(chats, fork.id), (key, value: unknown) =>
            key === 'copyOf' || key === 'turnId' ? undefined : value,
          )
          const again = copies.match(/\b(msg|tcl|ses|str)_[0-9a-z]{26}\b/g)?.filter((copied) => ids.has(copied)) ?? []
          expect(again).toEqual([])
        }
        expect(readSessionRows(chats.home, id)).toEqual(before)
      }),
      { numRuns: 15 },
    )
  },
)
