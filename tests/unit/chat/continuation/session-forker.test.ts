import type { ModelMessage } from 'ai'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { AgentError, type AgentEvent } from '../../../../src/agent/agent.ts'
import { toModelMessages } from '../../../../src/chat/context/to-model-messages.ts'
import { loadLineage } from '../../../../src/model/conversation/lineage.ts'
import { parseBlobUrl } from '../../../../src/model/blob-url.ts'
import type { MessageRecord } from '../../../../src/model/message.ts'
import { noUsage } from '../../../../src/model/usage.ts'
import type { SessionRecord } from '../../../../src/model/session.ts'
import type { StreamRecord } from '../../../../src/model/stream.ts'
import {
  type ChatFixture,
  openChatFixture,
  type ChatFixtureOptions,
  type ScriptedAnswer,
  newLatch,
  newChatFixture,
  newChatFixtureWith,
} from '../../../support/fixtures/agent-chats.ts'
import { anyAgentEvents } from '../../../support/fixtures/generators.ts'
import type { HermesDb } from '../../../support/hermes/hermes-db.ts'
import { findOpenAiProblems } from '../../../support/fixtures/message-rules.ts'
import { drainEventLoop, textAnswer, modelMessage, runTurn } from '../../../support/fixtures/scripted-answers.ts'

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

const messagesOf = ({ profile }: ChatFixture, id: string): Promise<MessageRecord[]> =>
  profile.segueSessions.listMessages(id, { after: null, before: null, limit: 1000, backwards: false })

/** Every row of the database that is of a session, as it lies there; but for deltas, which may be merged at any time. */
function rowsOf(chats: ChatFixture, id: string): unknown[] {
  const db = new Database(join(chats.home, 'segue.db'), { readonly: true })
  try {
    return ['sessions', 'messages', 'streams', 'events', 'decisions', 'grants', 'blob_references'].map((table) =>
      db
        .prepare(
          `SELECT * FROM ${table} WHERE ${table === 'sessions' ? 'id' : 'session_id'} = ?
           ${table === 'events' ? "AND type NOT LIKE '%Delta'" : ''}`,
        )
        .all(id),
    )
  } finally {
    db.close()
  }
}

/** What a model is sent, with its calls counted instead of named: they have other ids in a fork. */
function anonymous(messages: readonly ModelMessage[]): ModelMessage[] {
  const ids = new Map<string, string>()
  const named = JSON.stringify(messages, (key, value: unknown) => {
    if (key !== 'toolCallId' || typeof value !== 'string') return value
    const name = ids.get(value) ?? `call ${ids.size}`
    ids.set(value, name)
    return name
  })
  return JSON.parse(named)
}

const contextOf = async (chats: ChatFixture, id: string) =>
  chats.chats.loadModelMessages(await chats.requireSession(id))

/** A message that was said in a session, by what it says. */
async function said(chats: ChatFixture, id: string, what: string): Promise<MessageRecord> {
  const found = (await messagesOf(chats, id)).find(({ parts }) => JSON.stringify(parts).includes(what))
  if (!found) throw new Error(`nobody said ${what}`)
  return found
}

/** Two calls, one of which failed, then an answer. */
const looks: ScriptedAnswer = async function* (run) {
  await run.loadHistory()
  yield { type: 'step', estimatedInputTokens: 1 }
  yield { type: 'reasoning', block: '0', text: 'Hm.' }
  yield { type: 'text', block: '1', text: 'Let me look.' }
  for (const callId of ['a', 'b']) {
    yield { type: 'tool-call', callId, name: 'look', argumentsText: `{"at":"${callId}"}` }
  }
  yield { type: 'tool-result', callId: 'a', result: { found: 'oaks' } }
  yield { type: 'tool-error', callId: 'b', error: 'Nothing there.' }
  yield { type: 'step', estimatedInputTokens: 1 }
  yield { type: 'text', block: '2', text: 'Oaks.' }
}

/** A call whose arguments are cut in the middle. */
const breaks: ScriptedAnswer = async function* (run) {
  await run.loadHistory()
  yield { type: 'text', block: '1', text: 'As far as this' }
  yield { type: 'tool-input', callId: 'a', name: 'look', text: '{"at' }
  throw new AgentError('PROVIDER', 'It broke.')
}

describe('a fork', () => {
  test('is a session of its own that begins with what was said up to a message', async () => {
    const chats = open({}, looks, textAnswer('Pears.'))
    const id = await runTurn(chats, null, 'Which trees?')
    await runTurn(chats, id, 'And which fruit?')
    const old = rowsOf(chats, id)
    const message = await said(chats, id, 'Oaks.')
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
      headSeq: 0,
      usage: noUsage,
    })
    expect(await chats.requireSession(fork.id)).toEqual(fork)
    expect(await chats.sessions.countMessages([fork])).toEqual(new Map([[fork.id, 2]]))
    const [question, answer, ...rest] = await messagesOf(chats, fork.id)
    expect(rest).toEqual([])
    const originals = await messagesOf(chats, id)
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
    expect(anonymous(await contextOf(chats, fork.id))).toEqual(anonymous(toModelMessages(originals.slice(0, 2))))
    expect(rowsOf(chats, id)).toEqual(old)

    // It goes on by itself, and so does the old one.
    await runTurn(chats, fork.id, 'Elsewhere')
    expect(rowsOf(chats, id)).toEqual(old)
    expect(JSON.stringify(await contextOf(chats, fork.id))).not.toContain('fruit')
    await runTurn(chats, id, 'Here')
    expect(JSON.stringify(await contextOf(chats, fork.id))).not.toContain('Here')
  })

  test('is no continuation, and nothing continues it', async () => {
    const chats = open({}, textAnswer('Yes.'))
    const id = await runTurn(chats)
    const fork = await chats.chats.fork((await said(chats, id, 'Yes.')).id)
    const load = (wanted: string) => chats.sessions.find(wanted)
    expect(await loadLineage(fork, load)).toMatchObject({ parent: null, root: { id: fork.id }, segmentCount: 1 })
    expect(await loadLineage(await chats.requireSession(id), load)).toMatchObject({ segmentCount: 1 })
    expect(await chats.profile.eventStore.findContinuation(id)).toBeNull()
    expect((await chats.requireSession(id)).endedAt).toBeNull()
  })

  test('of a question ends with it, and the next message is sent behind it', async () => {
    const chats = open({}, textAnswer('Yes.'))
    const id = await runTurn(chats, null, 'First')
    const fork = await chats.chats.fork((await said(chats, id, 'First')).id)
    expect(await contextOf(chats, fork.id)).toEqual([user('First')])
    await runTurn(chats, fork.id, 'Second')
    expect(await contextOf(chats, fork.id)).toEqual([user('First'), user('Second'), assistant('Yes.')])
  })

  test('of an answer that broke keeps what people see of it, and tells the model what it was told before', async () => {
    const chats = open({}, breaks)
    const id = await runTurn(chats)
    const answer = await said(chats, id, 'As far as this')
    const fork = await chats.chats.fork(answer.id)
    const copy = await said(chats, fork.id, 'As far as this')
    expect(copy).toMatchObject({ status: 'PARTIAL', parts: [text('As far as this'), { call: { state: 'FAILED' } }] })
    expect(await contextOf(chats, fork.id)).toEqual([user('Hi'), assistant('As far as this')])
  })

  test('of a message that was taken back has what was told before it', async () => {
    const held = newLatch()
    const slow: ScriptedAnswer = async function* () {
      await held.opened
      yield { type: 'text', block: '1', text: 'One.' }
    }
    const chats = open({}, slow, textAnswer('Three.'))
    const first = await chats.start('First')
    const second = await chats.start('Second', { sessionId: first.sessionId, ifBusy: 'QUEUE' })
    const third = await chats.start('Third', { sessionId: first.sessionId, ifBusy: 'QUEUE' })
    await chats.chats.cancel(second.id)
    held.open()
    await chats.follow(third.id)
    const fork = await chats.chats.fork(second.userMessageId)
    // It was taken back while the first answer was made, and stands in front of it.
    const whole = await contextOf(chats, first.sessionId)
    expect(whole.slice(0, (await contextOf(chats, fork.id)).length)).toEqual(await contextOf(chats, fork.id))
    expect(JSON.stringify(await messagesOf(chats, fork.id))).not.toContain('Second')
    expect(fork.forkedFrom).toBe(second.userMessageId)
  })

  test('of what is being made is SESSION_BUSY, of what waits BAD_USER_INPUT, of what is not there NOT_FOUND', async () => {
    const chats = open({}, async function* () {
      yield { type: 'text', block: '1', text: 'Half' }
      await forever
    })
    const stream = await chats.start('First')
    for await (const event of await chats.chats.subscriptions.subscribeToStream(stream.id, 0))
      if (event.type === 'TextDelta') break
    const waiting = await chats.start('Second', { sessionId: stream.sessionId, ifBusy: 'QUEUE' })
    const growing = await chats.chats.messageQueries.findAnswer(stream.id)
    for (const way of [
      (id: string) => chats.chats.fork(id),
      (id: string) => chats.chats.regenerate(id, null, null),
      (id: string) => chats.chats.regenerate(id, 'Other', null),
    ]) {
      await expect(way(growing?.id ?? '')).rejects.toMatchObject({
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
    // The question of the answer that is being made is there, whole.
    expect(await contextOf(chats, (await chats.chats.fork(stream.userMessageId)).id)).toEqual([user('First')])
  })

  test('of a very long answer has all of it', async () => {
    const long = 'x'.repeat(300_000)
    const chats = open({}, textAnswer(long), textAnswer('Yes.'))
    const id = await runTurn(chats)
    await runTurn(chats, id)
    expect((await messagesOf(chats, id))[1]).toMatchObject({ inLog: true, parts: [] })
    const fork = await chats.chats.fork((await said(chats, id, 'Yes.')).id)
    expect((await messagesOf(chats, fork.id))[1]?.parts).toEqual([text(long)])
    expect(await contextOf(chats, fork.id)).toEqual(await contextOf(chats, id))
  })

  test('refers to the same files, which stay when nothing else does', async () => {
    const chats = open({}, textAnswer('A dot.'))
    const stream = await chats.start('What is this?', { files: [picture] })
    await chats.follow(stream.id)
    const fork = await chats.chats.fork((await said(chats, stream.sessionId, 'A dot.')).id)
    const [original] = await messagesOf(chats, stream.sessionId)
    const [copy] = await messagesOf(chats, fork.id)
    expect(copy?.parts).toEqual(original?.parts)
    const file = copy?.parts.find(({ type }) => type === 'file')
    const hash = file?.type === 'file' ? parseBlobUrl(file.url) : null
    const db = new Database(join(chats.home, 'segue.db'))
    db.prepare('DELETE FROM blob_references WHERE session_id = ?').run(stream.sessionId)
    db.close()
    expect(await chats.profile.eventStore.findUnreferencedBlobs([hash ?? ''])).toEqual([])
    expect(JSON.stringify(await contextOf(chats, fork.id))).toContain(picture.url)
  })

  test('of a fork, at what it brought along and at what was said in it, begins in the same way', async () => {
    const chats = open({}, looks, textAnswer('Pears.'))
    const id = await runTurn(chats, null, 'Trees?')
    const first = await chats.chats.fork((await said(chats, id, 'Oaks.')).id)
    await runTurn(chats, first.id, 'Fruit?')
    const context = anonymous(await contextOf(chats, first.id))
    const lengths = [1, 4, 5, 6]
    for (const [index, message] of (await messagesOf(chats, first.id)).entries()) {
      const second = await chats.chats.fork(message.id)
      expect(anonymous(await contextOf(chats, second.id))).toEqual(context.slice(0, lengths[index]))
    }
    expect(await contextOf(chats, id)).toHaveLength(4)
  })

  test('that cannot be stored is not there', async () => {
    const chats = open({}, textAnswer('Yes.'))
    const id = await runTurn(chats)
    const old = rowsOf(chats, id)
    const { sessions } = { sessions: await allSessions(chats) }
    chats.hooks.beforeCreateSession = () => {
      throw new Error('disk full')
    }
    await expect(chats.chats.fork((await said(chats, id, 'Yes.')).id)).rejects.toThrow('disk full')
    expect(await allSessions(chats)).toEqual(sessions)
    expect(rowsOf(chats, id)).toEqual(old)
  })

  test('of a session that is over is made like any other, and none when the server stops', async () => {
    const chats = open(
      { textGenerator: { generateSummary: async () => ({ text: 'In short.', usage: noUsage }) } },
      textAnswer('Yes.'),
    )
    const id = await runTurn(chats)
    await chats.chats.compact(id, null)
    const message = await said(chats, id, 'Yes.')
    expect(await contextOf(chats, (await chats.chats.fork(message.id)).id)).toEqual([user('Hi'), assistant('Yes.')])
    await chats.chats.close()
    await expect(chats.chats.fork(message.id)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await expect(chats.chats.regenerate(message.id, null, null)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  })
})

const allSessions = ({ profile }: ChatFixture): Promise<SessionRecord[]> =>
  profile.segueSessions.listSessions({ after: null, before: null, limit: 1000, backwards: false }, {})

describe('a fork of a session that continues another one', () => {
  test('takes the summary along, which stands for what was before', async () => {
    const chats = open(
      { textGenerator: { generateSummary: async () => ({ text: 'In short.', usage: noUsage }) } },
      textAnswer('Yes.'),
    )
    const id = await runTurn(chats, null, 'Long ago')
    const next = await chats.chats.compact(id, null)
    await runTurn(chats, next.id, 'Now')
    const fork = await chats.chats.fork((await said(chats, next.id, 'Now')).id)
    expect(await contextOf(chats, fork.id)).toEqual([summary('In short.'), user('Now')])
    expect((await messagesOf(chats, fork.id))[0]).toMatchObject({ role: 'SYSTEM', summary: true })
    expect(fork.parentId).toBeNull()

    const [first] = await messagesOf(chats, next.id)
    const atSummary = await chats.chats.fork(first?.id ?? '')
    expect(await contextOf(chats, atSummary.id)).toEqual([summary('In short.')])
    // Nobody said a summary: it is in no turn.
    await expect(chats.chats.regenerate(first?.id ?? '', null, null)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { path: ['messageId'] },
    })
  })

  test('takes along what was said in the one of Hermes', async () => {
    const hermes = (db: HermesDb): void => {
      db.addSession('theirs', { title: 'Theirs', end_reason: 'cli_close', ended_at: 9 })
      db.addMessage('theirs', 2, { content: 'Trees?' })
      db.addToolCalls('theirs', 3, ['c'])
      db.addToolResult('theirs', 4, 'c', 'oaks')
      db.addMessage('theirs', 5, { role: 'assistant', content: 'Oaks.' })
    }
    const chats = open({ fillHermes: hermes }, textAnswer('Pears.'))
    const own = await chats.sessions.create({ title: null, model: null, continues: 'theirs' })
    await runTurn(chats, own.id, 'Fruit?')
    const context = anonymous(await contextOf(chats, own.id))
    expect(context).toHaveLength(6)
    const fork = await chats.chats.fork((await said(chats, own.id, 'Fruit?')).id)
    expect(anonymous(await contextOf(chats, fork.id))).toEqual(context.slice(0, 5))
    // All of it is its own now.
    expect(await messagesOf(chats, fork.id)).toHaveLength(4)
    expect(findOpenAiProblems(await contextOf(chats, fork.id))).toEqual([])
    const again = await chats.chats.regenerate((await said(chats, own.id, 'Pears.')).id, 'Nuts?', null)
    await chats.follow(again.id)
    expect(anonymous(await contextOf(chats, again.sessionId))).toEqual([
      ...context.slice(0, 4),
      user('Nuts?'),
      assistant('Pears.'),
    ])
  })
})

describe('a fork of a session of Hermes', () => {
  const page = { after: null, before: null, limit: 1000, backwards: false }
  const theirs = async ({ profile }: ChatFixture): Promise<MessageRecord[]> =>
    (await profile.hermesSessions?.listMessages('theirs', page)) ?? []

  test('at any of its messages begins like its context, with whole pairs and pictures that are kept here', async () => {
    const image = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: picture.url } },
    ]
    const chats = open({
      fillHermes: (db) => {
        db.addSession('theirs', { title: 'Theirs', model: 'their/model' })
        db.addMessage('theirs', 2, { content: `\0json:${JSON.stringify(image)}` })
        db.addToolCalls('theirs', 3, ['c', 'c2'], { content: 'Let me see.' })
        db.addToolResult('theirs', 4, 'c2', '{"dots": 1}')
        db.addToolResult('theirs', 5, 'c', 'white')
        db.addMessage('theirs', 6, { role: 'assistant', content: 'A dot.', reasoning: 'Hm.' })
        db.addToolCalls('theirs', 7, ['never answered'])
      },
    })
    const session = await chats.requireSession('theirs')
    const context = anonymous(await chats.chats.loadModelMessages(session))
    const messages = await theirs(chats)
    const lengths = [1, 3, 4, 6]
    expect(messages).toHaveLength(lengths.length)
    for (const [index, message] of messages.entries()) {
      const fork = await chats.chats.fork(message.id)
      expect(fork).toMatchObject({
        origin: 'SEGUE',
        title: 'Theirs',
        titleSource: 'PERSON',
        model: null,
        forkedFrom: message.id,
      })
      const mine = await contextOf(chats, fork.id)
      expect(anonymous(mine)).toEqual(context.slice(0, lengths[index]))
      expect(findOpenAiProblems(mine)).toEqual([])
      const copies = await messagesOf(chats, fork.id)
      expect(copies.every(({ id }) => id.startsWith('msg_'))).toBe(true)
      const files = copies.flatMap(({ parts }) => parts.filter((part) => part.type === 'file'))
      expect(files.map(({ url }) => parseBlobUrl(url))).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
    }
    expect(await theirs(chats)).toEqual(messages)
  })

  /** As an in-place compaction leaves it: everything archived, then a summary and copies of the tail. */
  const compacted =
    (places: boolean) =>
    (db: HermesDb): void => {
      const place = (order: number) => (places ? { display_order: order } : {})
      const archived = { active: 0, compacted: 1 }
      db.addSession('theirs')
      db.addMessage('theirs', 1, { content: 'first question', ...archived, ...place(1) })
      db.addMessage('theirs', 2, { role: 'assistant', content: 'first answer', ...archived, ...place(2) })
      db.addMessage('theirs', 3, { content: 'tail', ...archived, ...place(3) })
      db.addToolCalls('theirs', 4, ['x'], { ...archived, ...place(4) })
      db.addToolResult('theirs', 5, 'x', 'found', { ...archived, ...place(5) })
      db.addMessage('theirs', 9, { content: 'summary', _compressed_summary: 1, ...place(6) })
      db.addMessage('theirs', 3, { content: 'tail', ...place(3) })
      db.addToolCalls('theirs', 4, ['x'], place(4))
      db.addToolResult('theirs', 5, 'x', 'found', place(5))
      db.addMessage('theirs', 10, { content: 'second question', ...place(10) })
    }

  test.each([true, false])(
    'that was compacted in place: what is told is told up to there, what is archived as it was shown (%s)',
    async (places) => {
      const chats = open({ fillHermes: compacted(places) }, textAnswer('Yes.'))
      const context = anonymous(await chats.chats.loadModelMessages(await chats.requireSession('theirs')))
      expect(context).toMatchObject([
        user('summary'),
        user('tail'),
        { role: 'assistant' },
        { role: 'tool' },
        user('second question'),
      ])
      const forkAt = async (what: string) => {
        const found = (await theirs(chats)).find(({ parts }) => JSON.stringify(parts).includes(what))
        return anonymous(await contextOf(chats, (await chats.chats.fork(found?.id ?? '')).id))
      }
      expect(await forkAt('second question')).toEqual(context)
      expect(await forkAt('found')).toEqual(context.slice(0, 4))
      expect(await forkAt('tail')).toEqual(context.slice(0, 2))
      expect(await forkAt('summary')).toEqual(context.slice(0, 1))
      expect(await forkAt('first answer')).toEqual([user('first question'), assistant('first answer')])
      expect(await forkAt('first question')).toEqual([user('first question')])

      const tail = (await theirs(chats)).find(({ parts }) => JSON.stringify(parts).includes('tail'))
      const again = await chats.chats.regenerate(tail?.id ?? '', null, null)
      await chats.follow(again.id)
      expect(await contextOf(chats, again.sessionId)).toEqual([user('summary'), user('tail'), assistant('Yes.')])
    },
  )

  test('an answer before which nobody said anything cannot be had once more', async () => {
    const chats = open({
      fillHermes: (db) => {
        db.addSession('theirs')
        db.addMessage('theirs', 2, { role: 'assistant', content: 'Good morning.' })
      },
    })
    const [first] = await theirs(chats)
    await expect(chats.chats.regenerate(first?.id ?? '', null, null)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { path: ['messageId'] },
    })
    expect(await contextOf(chats, (await chats.chats.fork(first?.id ?? '')).id)).toEqual([assistant('Good morning.')])
  })
})

describe('a second try', () => {
  /** Three turns; who answers tells what it was sent. */
  async function talked() {
    const sent: ModelMessage[][] = []
    const answers = ['One.', 'Two.', 'Three.', 'Again.']
    const chats = open({}, async function* (run) {
      sent.push([...(await run.loadHistory())])
      yield { type: 'text', block: '1', text: answers[sent.length - 1] ?? 'Again.' }
    })
    const id = await runTurn(chats, null, 'First')
    await runTurn(chats, id, 'Second')
    await runTurn(chats, id, 'Third')
    return { chats, id, sent, old: rowsOf(chats, id) }
  }

  test.each([
    ['the question, as it was', 'Second', null, 'Second'],
    ['the question, with another text', 'Second', 'Other', 'Other'],
    ['the answer, as it was', 'Two.', null, 'Second'],
    ['the answer, with another text', 'Two.', 'Other \ud83d', 'Other \ufffd'],
  ])('of the turn of %s: in a fork that ends before it', async (_, at, given, asked) => {
    const { chats, id, sent, old } = await talked()
    const stream = await chats.chats.regenerate((await said(chats, id, at)).id, given, null)
    expect(stream).toMatchObject({ status: 'RUNNING', firstSeq: 1 })
    expect(stream.sessionId).not.toBe(id)
    await chats.follow(stream.id)
    expect(sent.at(-1)).toEqual([user('First'), assistant('One.'), user(asked)])
    expect(await contextOf(chats, stream.sessionId)).toEqual([...(sent.at(-1) ?? []), assistant('Again.')])
    const fork = await chats.requireSession(stream.sessionId)
    expect(fork).toMatchObject({ title: 'First', forkedFrom: (await said(chats, id, 'Second')).id, parentId: null })
    expect(await chats.sessions.countMessages([fork])).toEqual(new Map([[fork.id, 4]]))
    expect(rowsOf(chats, id)).toEqual(old)
    await runTurn(chats, stream.sessionId, 'Further')
    expect(rowsOf(chats, id)).toEqual(old)
  })

  test.each([
    ['First', null],
    ['One.', 'Other'],
  ])('of the first turn, by %j, begins with nothing', async (at, given) => {
    const { chats, id, sent } = await talked()
    const stream = await chats.chats.regenerate((await said(chats, id, at)).id, given, null)
    await chats.follow(stream.id)
    expect(sent.at(-1)).toEqual([user(given ?? 'First')])
    expect(await messagesOf(chats, stream.sessionId)).toHaveLength(2)
  })

  test('of a second try is one of the same question', async () => {
    const { chats, id } = await talked()
    const first = await chats.chats.regenerate((await said(chats, id, 'Two.')).id, 'Other', null)
    await chats.follow(first.id)
    const second = await chats.chats.regenerate((await said(chats, first.sessionId, 'Again.')).id, null, null)
    await chats.follow(second.id)
    expect(await contextOf(chats, second.sessionId)).toEqual([
      user('First'),
      assistant('One.'),
      user('Other'),
      assistant('Again.'),
    ])
    // In a fork, what it brought along can be had once more as well.
    const third = await chats.chats.regenerate((await said(chats, second.sessionId, 'One.')).id, null, null)
    await chats.follow(third.id)
    expect(await contextOf(chats, third.sessionId)).toEqual([user('First'), assistant('Again.')])
  })

  test('keeps the files of the message, with the old and with a new text', async () => {
    const chats = open({}, textAnswer('A dot.'))
    const stream = await chats.start('What is this?', { files: [picture] })
    await chats.follow(stream.id)
    const [question] = await messagesOf(chats, stream.sessionId)
    for (const given of [null, 'Once more?']) {
      const again = await chats.chats.regenerate(question?.id ?? '', given, null)
      await chats.follow(again.id)
      const [copy] = await messagesOf(chats, again.sessionId)
      const file = question?.parts[1]
      expect(copy?.parts).toEqual([text(given ?? 'What is this?'), file])
      expect(JSON.stringify(await contextOf(chats, again.sessionId))).toContain(picture.url)
    }
    const silent = await chats.start('', { files: [picture] })
    await chats.follow(silent.id)
    const again = await chats.chats.regenerate(silent.userMessageId, null, null)
    await chats.follow(again.id)
    expect((await messagesOf(chats, again.sessionId))[0]?.parts).toHaveLength(1)
  })

  test('of a turn that runs begins beside it, and leaves it alone', async () => {
    const held = newLatch()
    const chats = open(
      {},
      async function* () {
        yield { type: 'text', block: '1', text: 'Half' }
        await held.opened
        yield { type: 'text', block: '1', text: ' and half' }
      },
      textAnswer('Again.'),
    )
    const stream = await chats.start('First')
    const again = await chats.chats.regenerate(stream.userMessageId, null, null)
    await chats.follow(again.id)
    expect(await contextOf(chats, again.sessionId)).toEqual([user('First'), assistant('Again.')])
    held.open()
    await chats.follow(stream.id)
    expect(await contextOf(chats, stream.sessionId)).toEqual([user('First'), assistant('Half and half')])
  })

  test('of a turn in a session that was continued is had in a fork of that session', async () => {
    const chats = open(
      { textGenerator: { generateSummary: async () => ({ text: 'In short.', usage: noUsage }) } },
      textAnswer('One.'),
      textAnswer('Two.'),
      textAnswer('Again.'),
    )
    const id = await runTurn(chats, null, 'First')
    const next = await chats.chats.compact(id, null)
    await runTurn(chats, next.id, 'Second')
    const old = [rowsOf(chats, id), rowsOf(chats, next.id)]
    const before = await chats.chats.regenerate((await said(chats, id, 'One.')).id, null, null)
    await chats.follow(before.id)
    expect(await contextOf(chats, before.sessionId)).toEqual([user('First'), assistant('Again.')])
    const after = await chats.chats.regenerate((await said(chats, next.id, 'Two.')).id, null, null)
    await chats.follow(after.id)
    expect(await contextOf(chats, after.sessionId)).toEqual([summary('In short.'), user('Second'), assistant('Again.')])
    expect([rowsOf(chats, id), rowsOf(chats, next.id)]).toEqual(old)
  })

  test('with a key is one, at the same time and later; with another input a mismatch', async () => {
    const { chats, id, sent } = await talked()
    const [question, answer] = [await said(chats, id, 'Second'), await said(chats, id, 'Two.')]
    const tries = await Promise.all(Array.from({ length: 5 }, () => chats.chats.regenerate(question.id, null, 'k')))
    expect(new Set(tries.map((stream) => stream.id)).size).toBe(1)
    const [stream] = tries
    await chats.follow(stream?.id ?? '')
    expect((await chats.chats.regenerate(question.id, null, 'k')).id).toBe(stream?.id)
    expect(sent).toHaveLength(4)
    const mismatch = { code: 'IDEMPOTENCY_MISMATCH', details: { streamId: stream?.id } }
    for (const asked of [
      chats.chats.regenerate(answer.id, null, 'k'),
      chats.chats.regenerate(question.id, 'Second', 'k'),
      chats.start('Second', { idempotencyKey: 'k' }),
      chats.chats.compact(id, 'k'),
    ]) {
      await expect(asked).rejects.toMatchObject(mismatch)
    }
    expect((await allSessions(chats)).length).toBe(2)
    // And a chat's key is none for a second try.
    const chat = await chats.start('Hi', { idempotencyKey: 'chat' })
    await expect(chats.chats.regenerate(question.id, null, 'chat')).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
      details: { streamId: chat.id },
    })
  })

  test('is refused with a text that nobody could send, and keeps no key', async () => {
    const { chats, id } = await talked()
    const question = await said(chats, id, 'Second')
    const path = { details: { path: ['text'] } }
    for (const blank of ['', ' \n ']) {
      await expect(chats.chats.regenerate(question.id, blank, 'k')).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
        ...path,
      })
    }
    await expect(chats.chats.regenerate(question.id, 'x'.repeat(1_000_001), 'k')).rejects.toMatchObject({
      code: 'TOO_LARGE',
    })
    await expect(chats.chats.regenerate(question.id, null, '')).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { path: ['key'] },
    })
    expect(await allSessions(chats)).toHaveLength(1)
    expect((await chats.chats.regenerate(question.id, null, 'k')).status).toBe('RUNNING')
  })

  test('that cannot be stored leaves neither a session nor a key', async () => {
    const { chats, id, old } = await talked()
    const question = await said(chats, id, 'Second')
    chats.hooks.beforeAppend = () => {
      throw new Error('disk full')
    }
    await expect(chats.chats.regenerate(question.id, null, 'k')).rejects.toThrow('disk full')
    delete chats.hooks.beforeAppend
    expect(await allSessions(chats)).toHaveLength(1)
    expect(rowsOf(chats, id)).toEqual(old)
    expect((await chats.chats.regenerate(question.id, 'Other', 'k')).status).toBe('RUNNING')
  })

  test('is there with its fork and its key, or not at all, when the process dies', async () => {
    for (const when of ['beforeAppend', 'afterAppend'] as const) {
      const chats = newChatFixture(textAnswer('One.'))
      const id = await runTurn(chats, null, 'First')
      const dead = newLatch()
      chats.hooks[when] = () => {
        dead.open()
        return forever
      }
      const [question] = await messagesOf(chats, id)
      chats.chats.regenerate(question?.id ?? '', 'Other', 'k').catch(() => undefined)
      await dead.opened
      await using again = openChatFixture(chats.home, textAnswer('Two.'))
      expect(await again.chats.recover()).toBe(when === 'beforeAppend' ? 0 : 1)
      expect(await allSessions(again)).toHaveLength(when === 'beforeAppend' ? 1 : 2)
      const stream: StreamRecord = await again.chats.regenerate(question?.id ?? '', 'Other', 'k')
      expect(stream.status).toBe(when === 'beforeAppend' ? 'RUNNING' : 'INTERRUPTED')
      await chats.profile.close()
    }
  })
})

/** An answer as an agent may give it, and how it ends. */
const anyAnswer = fc.record({
  events: anyAgentEvents,
  end: fc.constantFrom('COMPLETED', 'FAILED', 'CANCELLED'),
  takenBack: fc.boolean(),
})

test(
  'whatever was said, a fork at any message begins like the old session, which stays as it is',
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
        for (const { events, end, takenBack } of answers) {
          const { promise, resolve } = Promise.withResolvers<void>()
          scripts.push({ events, end, done: resolve })
          const stream: StreamRecord = await chats.start('Question', { sessionId })
          sessionId = stream.sessionId
          if (takenBack) {
            const waiting = await chats.start('Taken back', { sessionId, ifBusy: 'QUEUE' }).catch(() => null)
            if (waiting?.status === 'QUEUED') await chats.chats.cancel(waiting.id)
          }
          await promise
          if (end === 'CANCELLED') await chats.chats.cancel(stream.id)
          await chats.follow(stream.id)
          await drainEventLoop()
        }
        const id = sessionId ?? ''
        const context = await chats.sessions.loadContext(await chats.requireSession(id))
        const whole = await chats.chats.messageQueries.loadContext(await chats.requireSession(id))
        const before = rowsOf(chats, id)
        const ids = new Set(JSON.stringify(context).match(/\b(msg|tcl|ses|str)_[0-9a-z]{26}\b/g))
        for (const message of await messagesOf(chats, id)) {
          const fork = await chats.chats.fork(message.id)
          const known = whole.filter(({ position }) => (position ?? 0) <= (message.position ?? 0))
          const sent = await contextOf(chats, fork.id)
          expect(anonymous(sent)).toEqual(anonymous(toModelMessages(known)))
          expect(findOpenAiProblems(sent)).toEqual([])
          const copies = JSON.stringify(await messagesOf(chats, fork.id))
          const again = copies.match(/\b(msg|tcl|ses|str)_[0-9a-z]{26}\b/g)?.filter((copied) => ids.has(copied)) ?? []
          expect(again).toEqual([])
        }
        expect(rowsOf(chats, id)).toEqual(before)
      }),
      { numRuns: 15 },
    )
  },
)
