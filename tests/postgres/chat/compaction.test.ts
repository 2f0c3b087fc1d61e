import { expect, test } from 'vitest'
import { noUsage } from '../../../src/model/usage.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import type { ScriptedAnswer } from '../../support/fixtures/chats/agent-chats.ts'
import { endlessAnswer, followUntil, openSeveral, requireAll } from '../../support/postgres/several-processes.ts'

const answer: ScriptedAnswer = async function* () {
  yield { type: 'step', estimatedInputTokens: 1 }
  yield { type: 'text', block: '1', text: 'Yes.' }
}

const busy = { code: 'SESSION_BUSY' }

/** A session with one turn that one process compacts: the summary waits for the test. */
async function startCompaction() {
  const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const processes = await openSeveral(3, answer, {
    generateSummary: async ({ signal }) => {
      begin()
      await Promise.race([
        released,
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ])
      return { text: 'In short.', usage: noUsage }
    },
  })
  const [first, second] = requireAll(processes)
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Begin' }))
  await followUntil(first, id, 'StreamFinished')
  const compaction = first.chats.compact(sessionId)
  compaction.catch(() => undefined)
  await hasBegun
  return { first, second, sessionId, compaction, release }
}

const isCompacting = ({ chats }: Awaited<ReturnType<typeof startCompaction>>['first'], id: string) => {
  using snapshot = chats.takeSnapshot()
  return snapshot.isCompacting(id)
}

test('a session that one process compacts is busy in all', async () => {
  const { first, second, sessionId, compaction, release } = await startCompaction()
  const { chats } = second
  expect([await isCompacting(first, sessionId), await isCompacting(second, sessionId)]).toEqual([true, true])
  const request = newChatRequest({ sessionId, text: 'And now?' })
  await expect(chats.start({ ...request, ifBusy: 'REJECT' })).rejects.toMatchObject(busy)
  await expect(chats.compact(sessionId)).rejects.toMatchObject(busy)
  await expect(chats.sessionManagement.update([sessionId], { title: 'Another' })).rejects.toMatchObject(busy)
  await expect(chats.sessionManagement.delete([sessionId])).rejects.toMatchObject(busy)
  const queued = chats.start({ ...request, ifBusy: 'QUEUE' })
  queued.catch(() => undefined)
  release()
  const continuation = await compaction
  await expect(queued).rejects.toMatchObject({ code: 'STALE', details: { tipId: continuation.id } })
  expect([await isCompacting(first, sessionId), await isCompacting(second, sessionId)]).toEqual([false, false])
  const { id } = await chats.start({ ...request, sessionId: continuation.id })
  expect((await followUntil(first, id, 'StreamFinished')).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
})

test('a message to another process interrupts a compaction, and is answered', async () => {
  const { second, sessionId, compaction } = await startCompaction()
  const request = newChatRequest({ sessionId, text: 'Wait', ifBusy: 'INTERRUPT' })
  const { id } = await second.chats.start(request)
  await expect(compaction).rejects.toMatchObject(busy)
  expect((await followUntil(second, id, 'StreamFinished')).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
})

test('a compaction whose process dies keeps nobody waiting', async () => {
  const { first, second, sessionId } = await startCompaction()
  const start = second.chats.start(newChatRequest({ sessionId, text: 'And now?', ifBusy: 'QUEUE' }))
  // As when its lease has run out.
  await first.installation.close()
  const { id } = await start
  expect((await followUntil(second, id, 'StreamFinished')).at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
})

test('a session in which another process runs an answer can neither be deleted nor continued by a transaction that has not seen it', async () => {
  const [first, second] = requireAll(await openSeveral(3, endlessAnswer))
  const { id, sessionId } = await first.chats.start(newChatRequest({ text: 'Tell me a story' }))
  await expect(second.profile.eventStore.deleteSessions([sessionId])).rejects.toMatchObject(busy)
  expect((await second.chats.cancel(id)).outcome).toBe('CANCELLED')
  await second.chats.sessionManagement.delete([sessionId])
  expect(await first.profile.segueSessions.findSessions([sessionId])).toEqual([])
})
