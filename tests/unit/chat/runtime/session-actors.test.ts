import { describe, expect, test } from 'vitest'
import { noUsage } from '../../../../src/model/usage.ts'
import {
  type ChatFixture,
  newChatFixture,
  newChatFixtureWith,
  newLatch,
  type ScriptedAnswer,
} from '../../../support/fixtures/chats/agent-chats.ts'

const answerHello: ScriptedAnswer = async function* () {
  yield { type: 'text', block: '1', text: 'Hello' }
}

const usage = { ...noUsage, inputTokens: 1, outputTokens: 1 }

/** Calls `change` after the next read of a session, before the caller gets what was read. */
function changeAfterNextRead({ sessions }: ChatFixture, sessionId: string, change: () => Promise<unknown>): void {
  const find = sessions.find.bind(sessions)
  sessions.find = async (id) => {
    const session = await find(id)
    if (id !== sessionId) return session
    sessions.find = find
    await change()
    return session
  }
}

describe('a session that changes between being read and being written', () => {
  test('is written at the end of its log', async () => {
    await using fixture = newChatFixture(answerHello)
    const { sessionId, id } = await fixture.start('First')
    await fixture.follow(id)
    changeAfterNextRead(fixture, sessionId, () => fixture.chats.sessionManagement.update([sessionId], { pinned: true }))
    await fixture.chats.sessionManagement.update([sessionId], { title: 'Birds' })
    expect(await fixture.requireSession(sessionId)).toMatchObject({ pinned: true, title: 'Birds' })
    const log = await fixture.readLog(sessionId)
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1))
  })

  test('takes no more messages if it was compacted meanwhile', async () => {
    const generateSummary = async () => ({ text: 'A summary.', usage })
    await using fixture = newChatFixtureWith({ textGenerator: { generateSummary } }, answerHello)
    const { sessionId, id } = await fixture.start('First')
    await fixture.follow(id)
    const readCount = { left: 1 }
    const find = fixture.sessions.find.bind(fixture.sessions)
    fixture.sessions.find = async (wanted) => {
      const session = await find(wanted)
      // The first read checks the request, the second one precedes the write.
      if (wanted === sessionId && readCount.left-- === 0) {
        fixture.sessions.find = find
        await fixture.chats.compact(sessionId, null)
      }
      return session
    }
    await expect(fixture.start('Second', { sessionId })).rejects.toMatchObject({ code: 'STALE' })
  })
})

describe('an idempotency key of a compaction that is still running', () => {
  test('is refused for a message at once, without waiting for the summary', async () => {
    const latch = newLatch()
    const started = newLatch()
    const generateSummary = async () => {
      started.open()
      await latch.opened
      return { text: 'A summary.', usage }
    }
    await using fixture = newChatFixtureWith({ textGenerator: { generateSummary }, commitTimeoutMs: 100 }, answerHello)
    const { sessionId, id } = await fixture.start('First')
    await fixture.follow(id)
    const compaction = fixture.keyed.compact(sessionId, 'key')
    await started.opened
    await expect(fixture.start('Elsewhere', { key: 'key' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_MISMATCH',
    })
    latch.open()
    expect(await compaction).toMatchObject({ parentId: sessionId })
    // The same request joins the compaction.
    expect((await fixture.keyed.compact(sessionId, 'key')).id).toBe((await compaction).id)
  })
})

describe('an interrupting message', () => {
  test('that is refused because the storage is too slow does not end the running answer', async () => {
    const [start, next] = [newLatch(), newLatch()]
    await using fixture = newChatFixtureWith({ commitTimeoutMs: 100 }, async function* () {
      await start.opened
      yield { type: 'text', block: '1', text: 'Hel' }
      await next.opened
      yield { type: 'text', block: '1', text: 'lo' }
    })
    const stream = await fixture.start('First')
    const saved = newLatch()
    const saving = newLatch()
    fixture.hooks.beforeAppend = async () => {
      saving.open()
      await saved.opened
    }
    const events = fixture.follow(stream.id)
    start.open()
    await saving.opened
    const interrupt = fixture.start('Second', { sessionId: stream.sessionId, ifBusy: 'INTERRUPT' })
    await expect(interrupt).rejects.toMatchObject({ code: 'STORAGE' })
    delete fixture.hooks.beforeAppend
    saved.open()
    next.open()
    expect((await events).at(-1)).toMatchObject({ type: 'StreamFinished', stream: { status: 'COMPLETED' } })
    expect(await fixture.findAnswer(stream.id)).toMatchObject({ parts: [{ type: 'text', text: 'Hello' }] })
    expect(fixture.loggedErrors).toEqual([])
  })
})
