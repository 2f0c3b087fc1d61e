import { existsSync, readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startTestSegue } from '../../support/server/segue.ts'
import { waitUntil } from '../../support/wait-until.ts'
import {
  ask,
  requireNonNull,
  readUntil,
  expectRefusal,
  expectSubscriptionRefusal,
  mutate,
} from '../support/typed-client.ts'
import {
  cancelStream,
  loadEvents,
  followSession,
  followStream,
  isEventOfType,
  never,
  newSession,
  loadSession,
  type ChatEvent,
  startChat,
  streamChat,
  streamToEnd,
} from '../support/chat.ts'
import { type Client, transports } from '../support/clients.ts'
import {
  CompactSessionDocument,
  DeleteSessionDocument,
  DeleteSessionsDocument,
  NodeDocument,
  SessionsDocument,
  StreamChatDocument,
  StreamDocument,
  UpdateSessionDocument,
  UpdateSessionsDocument,
  type UpdateSessionMutationVariables,
} from '../generated/graphql.ts'
import { newTestEnvironment, type TestEnvironment } from '../support/test-environment.ts'
import { TestDatabase } from '../../support/storage/test-database.ts'

const update = async (client: Client, variables: UpdateSessionMutationVariables) =>
  (await mutate(client, UpdateSessionDocument, variables)).updateSession
const remove = async (client: Client, id: string) => (await mutate(client, DeleteSessionDocument, { id })).deleteSession

/** The number of rows of each table that is not empty. */
function rowsIn({ segue }: TestEnvironment): Record<string, unknown> {
  using database = TestDatabase.read(segue.home)
  // Counts of conversations stay as zeros.
  const used = (table: string) => (table === 'conversation_counts' ? `${table} WHERE conversation_count <> 0` : table)
  const counts = database.listTables().map((table) => [table, database.count(used(table))] as const)
  // The tables of a search index have rows even if it has no entries. Keys, and sums of usage, outlive what they are of.
  const isFrame = (name: string) =>
    /^(change_sequences|idempotency_keys|read_marks_start|usage_sums|\w+_index_(data|idx|config))$/.test(name)
  return Object.fromEntries(counts.filter(([name, count]) => count !== 0 && !isFrame(name)))
}

const notFound = { code: 'NOT_FOUND' }

describe('updateSession', () => {
  test('changes the given fields, leaves the others, and notifies subscribers', async () => {
    await using environment = await newTestEnvironment('http')
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    const { sessionId: id } = end
    const before = await loadSession(client, id)
    const events = followSession(client, id, before.headSeq)
    const emitted = readUntil(events, isEventOfType('SessionChanged'))
    const named = await update(client, { id, title: ' A  better\nname ' })
    expect(named).toEqual({ ...before, title: 'A better name', headSeq: before.headSeq + 1 })
    expect((await emitted).last).toMatchObject({ seq: before.headSeq + 1, streamId: null, session: { id } })
    const flagged = await update(client, { id, pinned: true, archived: true, model: 'offline/eliza' })
    expect(flagged).toMatchObject({ title: 'A better name', pinned: true, archived: true, model: 'offline/eliza' })
    const bare = await update(client, { id, title: '', model: '', pinned: false })
    expect(bare).toMatchObject({ title: null, model: null, pinned: false, archived: true })
    expect(await loadSession(client, id)).toEqual(bare)
    expect(bare.lastActivityAt).toBe(before.lastActivityAt)
    await events.return?.()
  })

  test('is emitted during a stream, and a title from the user is kept', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, provider } = environment
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ text: 'Half' }, { wait: held.promise }, { text: '.' }, { finish: 'stop' }])
    const events = streamChat(client, { text: 'Hello' })
    const { sessionId: id } = (await readUntil(events, isEventOfType('TextDelta'))).last
    await using other = environment.connect('http')
    await update(other, { id, title: 'Mine' })
    held.resolve()
    await readUntil(events, isEventOfType('StreamFinished'))
    await streamToEnd(client, { sessionId: id, text: 'A message that would be a title' })
    expect((await loadSession(client, id)).title).toBe('Mine')
    expect((await loadEvents(client, id)).map(({ type }) => type)).toContain('SessionChanged')
  })

  test('is SESSION_READ_ONLY for a Hermes session, and NOT_FOUND for an unknown one', async () => {
    await using environment = await newTestEnvironment('http', { fillHermes: (db) => void db.addSession('hermes-1') })
    const { client } = environment
    const readOnly = { code: 'SESSION_READ_ONLY' }
    expect(await expectRefusal(client, UpdateSessionDocument, { id: 'hermes-1', title: 'Mine' })).toMatchObject(
      readOnly,
    )
    expect(await expectRefusal(client, DeleteSessionDocument, { id: 'hermes-1' })).toMatchObject(readOnly)
    expect(await expectRefusal(client, DeleteSessionDocument, { id: 'nobody' })).toMatchObject(notFound)
  })
})

describe('A continued session', () => {
  test('can be renamed, and its last event stays the last', async () => {
    await using environment = await newTestEnvironment('http')
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    const { sessionId: id } = end
    await mutate(client, CompactSessionDocument, { id })
    expect(await update(client, { id, title: 'The beginning', pinned: true })).toMatchObject({ pinned: true })
    expect((await loadEvents(client, id)).at(-1)?.type).toBe('SessionContinued')
  })

  test('can be deleted: its continuation becomes a root and keeps its summary', async () => {
    await using environment = await newTestEnvironment('http')
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    const { compactSession: next } = await mutate(client, CompactSessionDocument, { id: end.sessionId })
    expect(next).toMatchObject({ lineageRoot: { id: end.sessionId }, segmentCount: 2 })
    await remove(client, end.sessionId)
    const root = await loadSession(client, next.id)
    expect(root).toMatchObject({ parent: null, lineageRoot: { id: next.id }, segmentCount: 1 })
    expect(root.modelContext).toEqual(next.modelContext)
    await streamToEnd(client, { sessionId: next.id, text: 'Go on' })
  })

  test('is busy for both while it is being compacted', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, provider } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    const { sessionId: id } = end
    const held = Promise.withResolvers<void>()
    provider.enqueue([{ wait: held.promise }, { text: 'A summary.' }, { finish: 'stop' }])
    const compacting = mutate(client, CompactSessionDocument, { id })
    await provider.waitForRequest(1)
    await using other = environment.connect('http')
    const busy = { code: 'SESSION_BUSY' }
    expect(await expectRefusal(other, DeleteSessionDocument, { id })).toMatchObject(busy)
    expect(await expectRefusal(other, UpdateSessionDocument, { id, title: 'Mine' })).toMatchObject(busy)
    held.resolve()
    await compacting
    await remove(other, id)
  })
})

describe.each(transports)('deleteSession, over %s,', (transport) => {
  test('removes everything, and completes subscriptions', async () => {
    await using environment = await newTestEnvironment(transport)
    const { client, segue } = environment
    const files = [{ name: 'a.txt', mediaType: 'text/plain', url: 'data:,Hello' }]
    const variables = { text: 'Hello', key: 'mine', files }
    const { end } = await streamToEnd(client, variables)
    const { sessionId: id } = end
    const [hash = ''] = readdirSync(join(segue.home, 'files'))
    // Make the files old: new files are kept, because a message may be about to refer to them.
    const old = new Date(Date.now() - 3_600_000)
    utimesSync(join(segue.home, 'files', hash), old, old)

    await using following = environment.connect(transport)
    const followers = [
      followSession(following, id),
      followSession(following, id, 1000),
      followSession(following, id, 2),
    ]
    const emitted = followers.map(async (events) => {
      const all: ChatEvent[] = []
      for await (const event of events) all.push(event)
      return all
    })
    await waitUntil(() => segue.defaultProfile.chats.eventLog.stats.waiting === 3)
    expect(await remove(client, id)).toBe(id)
    for (const events of await Promise.all(emitted)) expect(events.length).toBeGreaterThan(0)
    expect(rowsIn(environment)).toEqual({})
    expect(existsSync(join(segue.home, 'files', hash))).toBe(false)
    for (const nobody of [id, end.stream.id, requireNonNull(end.message).id]) {
      expect((await ask(client, NodeDocument, { id: nobody })).node).toBeNull()
    }
    expect((await ask(client, SessionsDocument, {})).sessions.edges).toEqual([])
    expect(await expectRefusal(client, DeleteSessionDocument, { id })).toMatchObject(notFound)
    expect(await expectRefusal(client, UpdateSessionDocument, { id, pinned: true })).toMatchObject(notFound)

    expect(await expectSubscriptionRefusal(client, StreamChatDocument, variables)).toMatchObject(notFound)
    const again = await streamToEnd(client, { ...variables, key: 'another' })
    expect(again.end.stream.id).not.toBe(end.stream.id)
  })
})

test('Each of several mutations in one document returns the state after that mutation', async () => {
  await using environment = await newTestEnvironment('http')
  const { end } = await streamToEnd(environment.client, { text: 'Hello' })
  const { sessionId: id } = end
  const { data } = await environment.client.execute(
    `mutation ($id: ID!) {
      named: updateSession(id: $id, input: { title: "Mine" }) { lineageRoot { title } }
      next: compactSession(id: $id) { lineageRoot { title endReason } parent { id } }
      rootless: deleteSession(id: $id)
      again: updateSessions(ids: [], input: {}) { id }
    }`,
    { id },
  )
  expect(data).toEqual({
    named: { lineageRoot: { title: 'Mine' } },
    next: { lineageRoot: { title: 'Mine', endReason: 'compression' }, parent: { id } },
    rootless: id,
    again: [],
  })
})

describe('A deleted session', () => {
  test('is refused with SESSION_BUSY while a stream is active or queued, and deleted right after a cancel', async () => {
    await using environment = await newTestEnvironment('webSocket')
    const { client, provider, segue } = environment
    provider.defaultAnswer = () => [{ text: 'Half' }, { wait: never }]
    const events = streamChat(client, { text: 'Hello' })
    const { sessionId: id, streamId } = (await readUntil(events, isEventOfType('TextDelta'))).last
    await using other = environment.connect('http')
    const queued = await startChat(other, { sessionId: id, text: 'And?', ifBusy: 'QUEUE' })
    expect(await expectRefusal(other, DeleteSessionDocument, { id })).toMatchObject({ code: 'SESSION_BUSY', streamId })
    await cancelStream(other, queued.id)
    expect(await expectRefusal(other, DeleteSessionDocument, { id })).toMatchObject({ code: 'SESSION_BUSY', streamId })
    await cancelStream(other, requireNonNull(streamId))
    await remove(other, id)
    expect(rowsIn(environment)).toEqual({})
    expect((await ask(other, StreamDocument, { id: requireNonNull(streamId) })).stream).toBeNull()
    // Late writes of the cancelled agent and of the background coalescer find no session.
    await waitUntil(() => segue.defaultProfile.chats.activeStreamCount === 0)
    expect(segue.warnings).toEqual([])
  })

  test('is not recreated by writes in progress or by a restart', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, segue } = environment
    for (let round = 0; round < 5; round += 1) {
      const { end } = await streamToEnd(client, { text: `Hello ${round}` })
      // All at once: either the deletion comes first, or it finds the others in progress.
      const [removed, ...rest] = await Promise.allSettled([
        remove(client, end.sessionId),
        update(client, { id: end.sessionId, title: 'Late' }),
        startChat(client, { sessionId: end.sessionId, text: 'Late', key: `late ${round}` }),
        mutate(client, CompactSessionDocument, { id: end.sessionId }),
      ])
      for (const one of rest)
        if (one.status === 'rejected') expect(String(one.reason)).toMatch(/NOT_FOUND|SESSION_BUSY|STALE/)
      if (removed.status === 'rejected') expect(String(removed.reason)).toContain('SESSION_BUSY')
      await waitUntil(() => segue.defaultProfile.chats.activeStreamCount === 0)
      for (const { node } of (await ask(client, SessionsDocument, {})).sessions.edges) await remove(client, node.id)
      expect(rowsIn(environment)).toEqual({})
    }
    const { home } = segue
    await segue.close()
    await using again = await startTestSegue({ settings: { home } })
    expect(
      await again.defaultProfile.sessions.listPage({ after: null, before: null, limit: 10, backwards: false }, {}),
    ).toEqual([])
    expect(segue.warnings).toEqual([])
  })

  test('keeps the files that another session refers to', async () => {
    await using environment = await newTestEnvironment('http')
    const { client, segue } = environment
    const files = [{ name: 'a.txt', mediaType: 'text/plain', url: 'data:,Hello' }]
    const [one, two] = [
      await streamToEnd(client, { text: 'One', files }),
      await streamToEnd(client, { text: 'Two', files }),
    ]
    const [hash = ''] = readdirSync(join(segue.home, 'files'))
    const path = join(segue.home, 'files', hash)
    const old = new Date(Date.now() - 3_600_000)
    utimesSync(path, old, old)
    await remove(client, one.end.sessionId)
    expect(existsSync(path)).toBe(true)
    await remove(client, two.end.sessionId)
    expect(existsSync(path)).toBe(false)
  })

  test('completes a subscription to one of its finished streams', async () => {
    await using environment = await newTestEnvironment('webSocket')
    const { client } = environment
    const { end } = await streamToEnd(client, { text: 'Hello' })
    await remove(client, end.sessionId)
    const events = followStream(client, end.stream.id, 2)
    await expect(events.next()).rejects.toThrow('NOT_FOUND')
  })
})

describe('Many sessions at once', () => {
  test('are changed and deleted, in any profile, each once', async () => {
    await using environment = await newTestEnvironment('http')
    const { client } = environment
    const ids: string[] = []
    for (const profile of [null, 'work']) {
      const started = await Promise.all(
        [1, 2].map((n) => startChat(client, { profile, text: `${n}`, model: 'offline/eliza' })),
      )
      ids.push(...started.map(({ session }) => session.id))
    }
    for (const { chats } of await environment.segue.profiles.openAll())
      await waitUntil(() => chats.activeStreamCount === 0)
    const [first = ''] = ids
    const twice = [...ids, first]
    const { updateSessions } = await mutate(client, UpdateSessionsDocument, {
      ids: twice,
      input: { archived: true },
    })
    expect(updateSessions.map(({ id, archived }) => [id, archived])).toEqual([...ids, first].map((id) => [id, true]))
    const deleted = await mutate(client, DeleteSessionsDocument, { ids: [...ids, first] })
    expect(deleted.deleteSessions).toEqual([...ids, first])
    expect(rowsIn(environment)).toEqual({})
    expect((await ask(client, SessionsDocument, { profile: 'work' })).sessions.edges).toEqual([])
    expect((await mutate(client, DeleteSessionsDocument, { ids: [] })).deleteSessions).toEqual([])
  })

  test('are all unchanged if one of them cannot be changed', async () => {
    await using environment = await newTestEnvironment('http', { fillHermes: (db) => void db.addSession('hermes-1') })
    const { client, provider } = environment
    const idleIds = [await newSession(client), await newSession(client)]
    provider.enqueue([{ text: 'Half' }, { wait: never }])
    const busy = (await startChat(client, { text: 'Hello', profile: 'work', model: 'offline/eliza' })).session.id
    const running = (await readUntil(streamChat(client, { text: 'Hello' }), isEventOfType('TextDelta'))).last.sessionId
    for (const [other, code] of [
      ['hermes-1', 'SESSION_READ_ONLY'],
      ['nobody', 'NOT_FOUND'],
      [running, 'SESSION_BUSY'],
    ] as const) {
      const ids = [...idleIds, busy, other]
      expect(await expectRefusal(client, DeleteSessionsDocument, { ids })).toMatchObject({ code })
      if (other === running) continue
      expect(await expectRefusal(client, UpdateSessionsDocument, { ids, input: { pinned: true } })).toMatchObject({
        code,
      })
    }
    for (const id of idleIds) expect(await loadSession(client, id)).toMatchObject({ pinned: false })
  })
})
