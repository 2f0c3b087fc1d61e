import { expect, onTestFinished, test } from 'vitest'
import { PostgresDatabase } from '../../../src/storage/postgres/database/postgres-database.ts'
import { firstPage } from '../../unit/storage/contract/records.ts'
import { newChatRequest } from '../../support/fixtures/chat-request.ts'
import type { ScriptedAnswer } from '../../support/fixtures/chats/agent-chats.ts'
import { type DatabaseProxy, startDatabaseProxy } from '../../support/postgres/database-proxy.ts'
import { HeldCommits, waitUntil } from '../../support/postgres/held-commits.ts'
import { openPostgresChats } from '../../support/postgres/postgres-chats.ts'
import { followUntil } from '../../support/postgres/several-processes.ts'
import { createTestDatabase, runSql, templateName, toDirectUrl } from '../../support/postgres/test-postgres-database.ts'

/** Says one word whenever the test wants it. */
class Speaker {
  #wake: () => void = () => undefined
  #isEnding = false

  readonly answer: ScriptedAnswer = (run) => this.#answer(run)

  async *#answer({ signal }: Parameters<ScriptedAnswer>[0]): ReturnType<ScriptedAnswer> {
    yield { type: 'step', estimatedInputTokens: 1 }
    for (let count = 1; !this.#isEnding; count += 1) {
      yield { type: 'text', block: '1', text: `${count} ` }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve())
      })
      if (signal.aborted) return
    }
  }

  say(): void {
    this.#wake()
  }

  end(): void {
    this.#isEnding = true
    this.#wake()
  }
}

/** Chats behind a proxy, in a database of their own. */
async function openBehindProxy() {
  const url = await createTestDatabase(templateName)
  const proxy = await startDatabaseProxy(url)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const direct = new PostgresDatabase({ url: toDirectUrl(url) })
  onTestFinished(() => direct.close())
  const speaker = new Speaker()
  const process = await openPostgresChats(proxy.databaseUrl, speaker.answer)
  return { url, proxy, direct, speaker, process }
}

interface Lost {
  readonly url: string
  readonly proxy: DatabaseProxy
  readonly direct: PostgresDatabase
}

/** Has the database commit what `act` does, and lose both the answer and what it knows of the transaction, as a crash does. */
async function loseOutcome({ url, proxy, direct }: Lost, act: () => void): Promise<void> {
  const held = await HeldCommits.start(direct, 'segue.events')
  const { rows } = await direct.withClient((client) =>
    client.query<{ count: number }>('SELECT count(*)::int FROM segue.events'),
  )
  act()
  await held.waitForOne()
  proxy.withholdResponses()
  await held.release()
  await waitUntil(direct, `(SELECT count(*)::int FROM segue.events) > ${rows[0]?.count}`)
  await runSql(toDirectUrl(url), `SELECT pg_stat_reset_shared('bgwriter')`)
  proxy.resetConnections()
}

test('text whose commit has an unknown outcome is saved once, and the answer goes on', async () => {
  const { process, speaker, ...lost } = await openBehindProxy()
  const { id, sessionId } = await process.chats.start(newChatRequest({ text: 'Count' }))
  await followUntil(process, id, 'TextDelta')
  await loseOutcome(lost, () => speaker.say())
  speaker.say()
  await expect.poll(async () => (await process.profile.eventStore.loadHeadSeq(sessionId)) ?? 0).toBeGreaterThan(3)
  speaker.end()
  const events = await followUntil(process, id, 'StreamFinished')
  expect(events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
  const deltas = events.flatMap((event) => (event.type === 'TextDelta' ? event.text : []))
  expect(deltas.join('')).toBe('1 2 3 ')
})

test('a message whose commit has an unknown outcome is answered once', async () => {
  const { process, speaker, ...lost } = await openBehindProxy()
  const first = await process.chats.start(newChatRequest({ text: 'Count' }))
  const { sessionId } = first
  await followUntil(process, first.id, 'TextDelta')
  const text = 'Count again'
  const request = newChatRequest({ sessionId, text, ifBusy: 'QUEUE' })
  let queued: ReturnType<typeof process.chats.start> | null = null
  await loseOutcome(lost, () => (queued = process.chats.start(request)))
  expect(await queued).toMatchObject({ status: 'QUEUED' })
  const interrupt = newChatRequest({ sessionId, text: 'Count once more', ifBusy: 'INTERRUPT' })
  const { id } = await process.chats.start(interrupt)
  await followUntil(process, id, 'TextDelta')
  speaker.end()
  await expect.poll(() => process.profile.eventStore.listUnfinishedStreams()).toEqual([])
  const messages = await process.profile.segueSessions.listMessages(sessionId, firstPage)
  expect(messages.filter(({ role }) => role === 'USER')).toHaveLength(3)
})

test('a message whose commit has an unknown outcome, because the database is unreachable, is answered when it is back', async () => {
  const { process, speaker, ...lost } = await openBehindProxy()
  const { proxy, direct } = lost
  const held = await HeldCommits.start(direct, 'segue.events')
  const request = newChatRequest({ text: 'Count' })
  const started = process.chats.start(request).catch((error: unknown) => error)
  await held.waitForOne()
  proxy.withholdResponses()
  await held.release()
  await waitUntil(direct, 'EXISTS (SELECT 1 FROM segue.events)')
  proxy.refuseConnections()
  expect(await started).toMatchObject({ code: 'STORAGE' })
  proxy.acceptConnections()
  await expect.poll(() => process.chats.listActiveStreams()).toMatchObject([{ status: 'RUNNING' }])
  const [{ id } = { id: '' }] = process.chats.listActiveStreams()
  await followUntil(process, id, 'TextDelta')
  speaker.end()
  const events = await followUntil(process, id, 'StreamFinished')
  expect(events.at(-1)).toMatchObject({ stream: { status: 'COMPLETED' } })
})
