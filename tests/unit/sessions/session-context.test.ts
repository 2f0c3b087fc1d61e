import { describe, expect, test } from 'vitest'
import type { ContextSummary } from '../../../src/model/context/context-summary.ts'
import { toMessageText } from '../../../src/model/message-content/message-text.ts'
import type { MessageRecord } from '../../../src/model/message.ts'
import type { SessionRecord } from '../../../src/model/session.ts'
import { loadSessionContext } from '../../../src/sessions/session-context.ts'
import { newTextMessage } from '../../support/search/search-fixture.ts'
import { newSessionRecord } from '../../support/sessions/session-record.ts'

interface StoredSession {
  readonly record?: Partial<SessionRecord>
  /** The ids of its messages, which are also their texts. */
  readonly messages: readonly string[]
  /** The session begins with a summary that stands for the messages up to this one; null: for all before the session. */
  readonly summaryThrough?: string | null
  /** The session begins with a summary of version 0.1. */
  readonly hasOldSummary?: true
  /** The session was converted from one of Hermes, whose sessions hold all that a model is sent. */
  readonly isConverted?: true
  readonly checkpointThrough?: string
}

const newSummary = (text: string, throughMessageId: string | null): ContextSummary => ({
  text,
  quotes: [{ messageId: 'first', text: 'The first message.' }],
  throughMessageId,
})

/** Sessions by id, each of which continues the one before it unless it says otherwise. */
function newReader(sessions: Readonly<Record<string, StoredSession>>) {
  const ids = Object.keys(sessions)
  const toSession = (id: string): SessionRecord =>
    newSessionRecord({
      id,
      origin: 'SEGUE',
      source: 'segue',
      endReason: 'compression',
      parentId: ids[ids.indexOf(id) - 1] ?? null,
      ...sessions[id]?.record,
    })
  const toMessages = (id: string): MessageRecord[] => {
    const { messages = [], hasOldSummary, isConverted, summaryThrough } = sessions[id] ?? {}
    const texts = messages.map((text, index) => Object.assign(newTextMessage(id, text, index + 2), { id: text }))
    const summaryMessage = { ...newTextMessage(id, `summary of ${id}`, 1), role: 'SYSTEM', summary: true } as const
    if (hasOldSummary) return [summaryMessage, ...texts]
    if (isConverted)
      return texts.map((message, index) => (index === 0 ? Object.assign(message, { summary: true }) : message))
    if (summaryThrough === undefined) return texts
    const { text: _text, ...summaryContext } = newSummary('', summaryThrough)
    return [{ ...summaryMessage, id: `first of ${id}`, summaryContext }, ...texts]
  }
  return {
    findSession: async (id: string) => (sessions[id] ? toSession(id) : null),
    loadMessages: async ({ id }: SessionRecord) => toMessages(id),
    findCheckpoint: async ({ id }: SessionRecord) => {
      const through = sessions[id]?.checkpointThrough
      if (through === undefined) return null
      const usage = { estimated: false, inputTokens: 1, outputTokens: 1, reasoningTokens: 0, cachedInputTokens: 0 }
      const summary = newSummary(`checkpoint of ${id}`, through)
      return { sessionId: id, summary, model: 'test/model', usage, createdAt: 1 }
    },
    toSession,
  }
}

/** The text of the summary, then the texts of the messages. */
async function load(sessions: Readonly<Record<string, StoredSession>>, id: string): Promise<(string | null)[]> {
  const reader = newReader(sessions)
  const { summary, messages } = await loadSessionContext(reader.toSession(id), reader)
  return [summary?.text ?? null, ...messages.map(({ parts }) => toMessageText(parts))]
}

describe('the context of a session', () => {
  test('with a checkpoint is the checkpoint and the messages after it', async () => {
    const sessions = { a: { messages: ['a1', 'a2', 'a3'], checkpointThrough: 'a2' } }
    expect(await load(sessions, 'a')).toEqual(['checkpoint of a', 'a3'])
    const reader = newReader(sessions)
    expect(await loadSessionContext(reader.toSession('a'), reader)).toMatchObject({
      summary: newSummary('checkpoint of a', 'a2'),
      checkpoint: { model: 'test/model' },
      summaryMessage: null,
    })
  })

  test('with a checkpoint that stands for messages of an earlier session holds the later ones of both', async () => {
    const sessions = {
      a: { messages: ['a1', 'a2', 'a3'] },
      b: { messages: ['b1'] },
      c: { messages: ['c1'], checkpointThrough: 'a2' },
    }
    expect(await load(sessions, 'c')).toEqual(['checkpoint of c', 'a3', 'b1', 'c1'])
  })

  test('that begins with a summary holds the messages that the summary does not stand for', async () => {
    const sessions = {
      a: { messages: ['a1', 'a2', 'a3', 'a4'], checkpointThrough: 'a2' },
      b: { messages: ['b1'], summaryThrough: 'a2' },
    }
    expect(await load(sessions, 'b')).toEqual(['summary of b', 'a3', 'a4', 'b1'])
    const reader = newReader(sessions)
    const { summary, summaryMessage } = await loadSessionContext(reader.toSession('b'), reader)
    expect(summary).toEqual(newSummary('summary of b', 'a2'))
    expect(summaryMessage?.id).toBe('first of b')
  })

  test.each([
    ['of version 0.1', { hasOldSummary: true }],
    ['that stands for all of the earlier sessions', { summaryThrough: null }],
  ] as const)('that begins with a summary %s holds nothing of earlier sessions', async (_, summary) => {
    const sessions = { a: { messages: ['a1'] }, b: { messages: ['b1'], ...summary } }
    expect(await load(sessions, 'b')).toEqual(['summary of b', 'b1'])
  })

  test('with a checkpoint that stands for more than the summary it begins with holds the checkpoint alone', async () => {
    const summarised = { messages: ['b1', 'b2'], summaryThrough: 'a1' }
    const sessions = { a: { messages: ['a1', 'a2', 'a3'] }, b: { ...summarised, checkpointThrough: 'b1' } }
    expect(await load(sessions, 'b')).toEqual(['checkpoint of b', 'b2'])
    expect(await load({ ...sessions, b: { ...summarised, checkpointThrough: 'a2' } }, 'b')).toEqual([
      'checkpoint of b',
      'a3',
      'b1',
      'b2',
    ])
    expect(await load({ ...sessions, b: { ...summarised, checkpointThrough: 'first of b' } }, 'b')).toEqual([
      'checkpoint of b',
      'b1',
      'b2',
    ])
  })

  test('uses the checkpoint of a session that it continues without a summary', async () => {
    const sessions = { a: { messages: ['a1', 'a2'], checkpointThrough: 'a1' }, b: { messages: ['b1'] } }
    expect(await load(sessions, 'b')).toEqual(['checkpoint of a', 'a2', 'b1'])
  })

  test('ignores a summary of messages that are not there any more: everything is still in the log', async () => {
    const hermes = { record: { origin: 'HERMES', source: 'cli', endReason: 'cli_close' }, messages: ['new'] } as const
    expect(await load({ h: hermes, b: { messages: ['b1'], checkpointThrough: 'old' } }, 'b')).toEqual([
      null,
      'new',
      'b1',
    ])
    expect(await load({ a: { messages: ['a1'] }, b: { messages: ['b1'], summaryThrough: 'gone' } }, 'b')).toEqual([
      null,
      'a1',
      'b1',
    ])
    const fallback = {
      a: { messages: ['a1', 'a2'] },
      b: { messages: ['b1'], summaryThrough: 'a1', checkpointThrough: 'gone' },
    }
    expect(await load(fallback, 'b')).toEqual(['summary of b', 'a2', 'b1'])
  })

  test('of a session that was converted from Hermes holds its own messages only, as messages', async () => {
    const sessions = {
      a: { messages: ['a1'] },
      b: { messages: ['b1', 'b2'], isConverted: true },
      c: { messages: ['c1'] },
    } as const
    expect(await load(sessions, 'b')).toEqual([null, 'b1', 'b2'])
    expect(await load(sessions, 'c')).toEqual([null, 'b1', 'b2', 'c1'])
  })

  test('keeps the newest summary if the session with its messages was deleted', async () => {
    const orphan = { record: { parentId: 'deleted' }, messages: ['b1', 'b2'], summaryThrough: 'a1' }
    expect(await load({ b: orphan }, 'b')).toEqual(['summary of b', 'b1', 'b2'])
    const sessions = { b: orphan, c: { messages: ['c1'], summaryThrough: 'a2' } }
    expect(await load(sessions, 'c')).toEqual(['summary of c', 'b1', 'b2', 'c1'])
    expect(await load({ b: { record: { parentId: 'deleted' }, messages: ['b1'] } }, 'b')).toEqual([null, 'b1'])
  })
})
