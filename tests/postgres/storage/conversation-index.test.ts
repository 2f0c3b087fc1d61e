import { rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { SegueError } from '../../../src/lib/errors.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import type { SessionRecord } from '../../../src/model/session.ts'
import type { SegueStorage } from '../../../src/storage/profile-storage.ts'
import type { ConversationListEntry } from '../../../src/storage/sessions/conversation-reader.ts'
import { openSqliteStorage } from '../../../src/storage/sqlite/open-sqlite-storage.ts'
import { newTestStorageOpener } from '../../support/postgres/open-test-storage.ts'
import { newTextMessage } from '../../support/search/search-fixture.ts'
import { newHome } from '../../support/server/segue.ts'
import { firstPage, sessionOf } from '../../unit/storage/contract/records.ts'

const processCount = 3

/** What a process does. Numbers choose among the sessions of the test. */
const anyStep = fc.record({
  process: fc.nat(processCount - 1),
  action: fc.constantFrom('create', 'create', 'create', 'retry', 'delete', 'message'),
  on: fc.nat(1_000),
  time: fc.integer({ min: 1, max: 50 }),
  endReason: fc.constantFrom('compression', 'compression', null),
})

type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never

/** Runs the steps of each process in order, and all processes at the same time. Returns the sessions that are left. */
/** Another process may delete the same session at the same moment. */
async function deleteIfExisting(eventStore: SegueStorage['eventStore'], id: string): Promise<void> {
  await eventStore.deleteSessions([id]).catch((error: unknown) => {
    if (!(error instanceof SegueError && error.code === 'NOT_FOUND')) throw error
  })
}

async function runSteps(storages: readonly SegueStorage[], steps: readonly Step[]): Promise<SessionRecord[]> {
  const ids: string[] = []
  const run = async ({ eventStore }: SegueStorage, { action, on, time, endReason }: Step): Promise<void> => {
    const chosen = ids[on % Math.max(ids.length, 1)]
    if (action === 'delete') return chosen ? deleteIfExisting(eventStore, chosen) : undefined
    if (action === 'message') return chosen ? addMessage(eventStore, chosen, time) : undefined
    const links = action === 'retry' ? { takesPlaceOf: chosen ?? null } : { parentId: chosen ?? null }
    const session = sessionOf({
      ...links,
      startedAt: time,
      lastActivityAt: time,
      endedAt: endReason && time,
      endReason,
    })
    ids.push(session.id)
    const messages = time % 3 === 0 ? [] : [newTextMessage(session.id, 'Hello', 1)]
    await eventStore.createSession({ session, messages })
  }
  await Promise.all(
    storages.map(async (storage, index) => {
      for (const step of steps.filter(({ process }) => process === index)) await run(storage, step)
    }),
  )
  return (await storages[0]?.segueSessions.findSessions(ids)) ?? []
}

/** Another process may have written to the session, or deleted it. */
async function addMessage(eventStore: SegueStorage['eventStore'], sessionId: string, at: number): Promise<void> {
  const message = newTextMessage(sessionId, 'More', 1_000 + at)
  const append = { sessionId, expectedHeadSeq: 0, events: [], messages: [message], activityAt: at }
  await eventStore.append(append).catch((error: Error) => expect(error.name).not.toBe('TypeError'))
}

/** The same sessions in SQLite, stored one after another. */
async function copyToSqlite(sessions: readonly SessionRecord[], counts: ReadonlyMap<string, number>) {
  const folder = newHome()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const storage = openSqliteStorage({
    path: join(folder, 'segue.db'),
    profile: 'work',
    durable: false,
    log: silentLogger,
  })
  onTestFinished(() => storage.close())
  for (const session of sessions) {
    const messages = Array.from({ length: counts.get(session.id) ?? 0 }, (_, index) =>
      newTextMessage(session.id, '', index),
    )
    await storage.eventStore.createSession({ session, messages })
  }
  return storage
}

async function describeConversations({ segueSessions }: SegueStorage, ids: readonly string[]) {
  const bySession = await segueSessions.findConversationsBySession(ids)
  return {
    list: (await segueSessions.listConversations(firstPage, {}))?.conversations,
    bySession: ids.map((id): ConversationListEntry | undefined => bySession.get(id)),
    continuations: [...(await segueSessions.findContinuations(ids))].toSorted(),
    count: (await segueSessions.countConversations({}))?.reduce((sum, group) => sum + group.count, 0),
  }
}

test('whatever several processes write at the same time, lists are those of SQLite, and every process learns of them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 60, maxLength: 120 }), async (steps) => {
      const opener = await newTestStorageOpener()
      const storages = await Promise.all(Array.from({ length: processCount }, () => opener.openStorage()))
      const known = storages.map(({ segueSessions }) => {
        const roots = new Set<string>()
        segueSessions.onConversationsChanged((changes) => {
          for (const { rootId, after } of changes ?? []) roots[after === null ? 'delete' : 'add'](rootId)
        })
        return roots
      })
      await Promise.all(storages.map(({ segueSessions }) => segueSessions.refresh()))
      const sessions = await runSteps(storages, steps)
      const ids = sessions.map(({ id }) => id).toSorted()
      const [first] = storages
      if (!first) throw new Error('There is no process.')
      const actual = await describeConversations(first, ids)
      const sqlite = await copyToSqlite(sessions, await first.segueSessions.countMessages(ids))
      expect(actual).toEqual(await describeConversations(sqlite, ids))
      for (const [index, { segueSessions }] of storages.entries()) {
        await segueSessions.refresh()
        const listed = (await segueSessions.listConversations(firstPage, {}))?.conversations ?? []
        expect([...(known[index] ?? [])].toSorted()).toEqual(listed.map(({ rootId }) => rootId).toSorted())
      }
      for (const storage of storages) await storage.close()
    }),
    { numRuns: 4, endOnFailure: true },
  )
})
