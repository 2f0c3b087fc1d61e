import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { toMessageText } from '../../../src/model/message-content/message-text.ts'
import { maxChainLength } from '../../../src/model/conversation/lineage.ts'
import type { SessionRecord } from '../../../src/model/session.ts'
import { newTextMessage } from '../../support/search/search-fixture.ts'
import { ConversationFixture } from '../../support/sessions/conversation-fixture.ts'
import { segueId } from '../../support/sessions/conversation-model.ts'
import { newSessionRecord } from '../../support/sessions/session-record.ts'

let fixture: ConversationFixture
beforeAll(async () => {
  fixture = await ConversationFixture.open()
})
beforeEach(() => fixture.clear())
afterAll(() => fixture[Symbol.asyncDispose]())

/** A Segue session that was compacted, with its id as its only message. */
async function addSession(id: string, fields: Partial<SessionRecord> = {}, isSummary = false): Promise<string> {
  const session = newSessionRecord({ id, origin: 'SEGUE', source: 'segue', endReason: 'compression', ...fields })
  const message = newTextMessage(id, id, 1)
  const summary = { role: 'SYSTEM', summary: true } as const
  await fixture.profile.eventStore.createSession({
    session,
    messages: [isSummary ? { ...message, ...summary } : message],
  })
  return id
}

/** The texts of the messages that a model is sent for a session. */
async function loadTexts(id: string): Promise<string[]> {
  const session = await fixture.sessions.find(id)
  if (!session) throw new Error(`There is no session ${id}.`)
  const { summary, messages } = await fixture.sessions.loadContext(session)
  return [...(summary ? [summary.text] : []), ...messages.map(({ parts }) => toMessageText(parts))]
}

const [a, b, c] = [segueId(1), segueId(2), segueId(3)] as const

describe('the context of a session', () => {
  test('begins with the messages of all sessions that it continues', async () => {
    fixture.hermesDb.addSession('root', { end_reason: 'cli_close' })
    fixture.hermesDb.addMessage('root', 1, { content: 'root' })
    await addSession(a, { parentId: 'root' })
    await addSession(b, { parentId: a })
    await addSession(c, { parentId: b })
    expect(await loadTexts(c)).toEqual(['root', a, b, c])
  })

  test('begins with the newest summary', async () => {
    await addSession(a)
    await addSession(b, { parentId: a }, true)
    await addSession(c, { parentId: b })
    expect(await loadTexts(c)).toEqual([b, c])
  })

  test('holds nothing of a parent that it does not continue', async () => {
    await addSession(a, { endReason: null })
    await addSession(b, { parentId: a })
    await addSession(c, { parentId: 'gone' })
    expect(await loadTexts(b)).toEqual([b])
    expect(await loadTexts(c)).toEqual([c])
  })

  test('holds its own messages alone when its parents form a cycle', async () => {
    await addSession(a, { parentId: b })
    await addSession(b, { parentId: a })
    await addSession(c, { parentId: c })
    expect(await loadTexts(a)).toEqual([a])
    expect(await loadTexts(b)).toEqual([b])
    expect(await loadTexts(c)).toEqual([c])
    // A session that continues one of the cycle is not part of it, and has its own messages only as well.
    await addSession(segueId(4), { parentId: a })
    expect(await loadTexts(segueId(4))).toEqual([segueId(4)])
  })

  test('ends at the longest chain that is followed', async () => {
    for (let index = 1; index <= maxChainLength + 2; index += 1) {
      await addSession(segueId(index), index === 1 ? {} : { parentId: segueId(index - 1) })
    }
    const texts = await loadTexts(segueId(maxChainLength + 2))
    expect(texts).toHaveLength(maxChainLength + 1)
    expect(texts[0]).toBe(segueId(2))
  })
})
