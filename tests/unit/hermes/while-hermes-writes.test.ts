import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test, vi } from 'vitest'
import { HermesSessionReader } from '../../../src/hermes/hermes-session-reader.ts'
import { loadLineageSummary } from '../../../src/model/conversation/lineage.ts'
import { withoutRetries } from '../../support/sessions/lineage-reader.ts'
import type { ConversationListEntry } from '../../../src/storage/sessions/conversation-reader.ts'
import { firstPage, newStatePath } from '../../support/hermes/hermes-fixtures.ts'
import { RecordingLogger } from '../../support/recording-logger.ts'
import { waitLimitMs } from '../../support/vitest-limits.ts'

const writerProgram = new URL('../../support/hermes/hermes-writer.ts', import.meta.url)

/** Starts a process that writes what Hermes writes. Resolves when its file exists. */
async function startWriter(path: string, journal: string, seed: number, operationCount: number) {
  const writer = fork(writerProgram, [path, journal, String(seed), String(operationCount)])
  onTestFinished(() => void writer.kill())
  const exited = once(writer, 'exit')
  await Promise.race([once(writer, 'message'), exited])
  return { exited, isRunning: () => writer.exitCode === null }
}

function newSessionReader(path: string) {
  const log = new RecordingLogger()
  const reader = new HermesSessionReader({ path, profile: 'default', log, lockTimeoutMs: 30_000 })
  onTestFinished(() => reader.close())
  return { reader, log }
}

async function listAll(reader: HermesSessionReader): Promise<readonly ConversationListEntry[]> {
  return (await reader.listConversations(firstPage(5000), {}))?.conversations ?? []
}

/** Keeps a list of conversations up to date by what a reader reports. */
function followConversations(reader: HermesSessionReader) {
  const changedIds = new Set<string>()
  let isStale = true
  let conversations = new Map<string, ConversationListEntry>()
  reader.onConversationsChanged((changes) => {
    isStale ||= changes === null
    for (const { rootId } of changes ?? []) changedIds.add(rootId)
  })
  return {
    async read(): Promise<ReadonlyMap<string, ConversationListEntry>> {
      await reader.refresh()
      if (isStale) {
        isStale = false
        changedIds.clear()
        conversations = new Map((await listAll(reader)).map((each) => [each.rootId, each]))
      }
      const ids = [...changedIds]
      changedIds.clear()
      const found = await reader.findConversationsBySession(ids)
      for (const id of ids) {
        const conversation = found.get(id)
        if (conversation?.rootId === id && !conversation.isEmpty) conversations.set(id, conversation)
        else conversations.delete(id)
      }
      return conversations
    },
  }
}

/** Reads everything of a page, and expects that its parts belong together. */
async function readPage(reader: HermesSessionReader): Promise<void> {
  const page = await reader.listConversations(firstPage(20), {})
  expect(page?.conversations).toHaveLength(20)
  const ids = page?.sessions.map(({ id }) => id) ?? []
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids.slice(0, 5)) {
    const messages = await reader.listMessages(id, firstPage(3))
    const positions = messages.map(({ position }) => position)
    expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => (a ?? 0) - (b ?? 0)))
    const next = await reader.listMessages(id, firstPage(3, positions.at(-1) ?? null))
    for (const message of [...messages, ...next]) {
      expect(message.sessionId).toBe(id)
      expect([undefined, message.id]).toContain((await reader.findMessage(message.id))?.id)
    }
  }
}

/** The roots of all listed sessions, by a walk over their ancestors. */
async function findRoots(reader: HermesSessionReader): Promise<Map<string, string>> {
  const sessions = await reader.listSessions(firstPage(5000), {})
  const byId = new Map(sessions.map((session) => [session.id, session]))
  const roots = new Map<string, string>()
  for (const session of sessions) {
    const { root } = await loadLineageSummary(
      session,
      withoutRetries((id) => Promise.resolve(byId.get(id) ?? null)),
    )
    roots.set(session.id, root.id)
  }
  return roots
}

test.each([
  ['wal', 7, 250],
  ['delete', 11, 80],
] as const)(
  'lists, followers and lineages are right while and after Hermes writes (%s, seed %d)',
  async (journal, seed, operationCount) => {
    const path = newStatePath()
    const writer = await startWriter(path, journal, seed, operationCount)
    const { reader, log } = newSessionReader(path)
    const follower = followConversations(reader)
    for (let isRunning = true; isRunning;) {
      isRunning = writer.isRunning()
      await readPage(reader)
      await follower.read()
    }
    expect(await writer.exited).toEqual([0, null])
    const fresh = newSessionReader(path).reader
    const expected = await listAll(fresh)
    expect(expected.length).toBeGreaterThan(400)
    // Old sessions are compared in the background.
    await vi.waitFor(async () => expect(await listAll(reader)).toEqual(expected), { timeout: waitLimitMs })
    const followed = await follower.read()
    expect(new Map(followed)).toEqual(new Map(expected.map((each) => [each.rootId, each])))
    const roots = await findRoots(reader)
    const indexed = await fresh.findConversationsBySession([...roots.keys()])
    expect(new Map([...indexed].map(([id, { rootId }]) => [id, rootId]))).toEqual(roots)
    expect(log.lines).toEqual([])
  },
  60_000,
)
