import { approvalRuleOf } from '../../../support/storage/approval-rules.ts'
import { expect, test } from 'vitest'
import type { LocatedImportRecord } from '../../../../src/storage/transfer/import-store.ts'
import { newTextMessage } from '../../../support/search/search-fixture.ts'
import { checkpointOf } from './context-checkpoint-contract.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'
import { approvalOf, deltaOf, sessionOf, streamOf, firstPage, idempotencyKeyOf } from './records.ts'

const hash = 'a'.repeat(64)

async function collect<T>(records: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const record of records) all.push(record)
  return all
}

export function describeTransfer(open: OpenStorage): void {
  const { current, opened } = useStorage(open)

  /** A conversation with one record of each type. */
  function newConversation() {
    const session = sessionOf({ headSeq: 1 })
    const stream = streamOf(session, { status: 'COMPLETED', finishedAt: 2_000 })
    const message = newTextMessage(session.id, 'Hello', 2)
    const decision = approvalOf(session, { state: 'CANCELLED' })
    const rule = { ...approvalRuleOf({ sessionId: session.id, tool: 'look' }), sessionId: session.id }
    const key = { key: 'key-1', fingerprint: 'print' }
    const checkpoint = checkpointOf(session.id)
    const sessionKey = { key: 'key-2', fingerprint: 'other print' }
    const records: LocatedImportRecord[] = [
      {
        type: 'session',
        record: { ...session, key: sessionKey },
        blobHashes: [hash],
        checkpoint,
        location: 'sessions 1',
      },
      { type: 'stream', record: { ...stream, key }, location: 'streams 1' },
      { type: 'message', record: message, location: 'messages 1' },
      { type: 'event', record: deltaOf(stream, 1), location: 'events 1' },
      { type: 'decision', record: decision, location: 'decisions 1' },
      { type: 'approvalRule', record: rule, location: 'grants 1' },
    ]
    return { session, stream, message, decision, rule, checkpoint, key, sessionKey, records }
  }

  async function importAll(records: Iterable<LocatedImportRecord>): Promise<void> {
    const store = await opened().openImportStore()
    await store.importRecords(records).finally(() => store.close())
  }

  test('what is imported can be read, and exported unchanged', async () => {
    const { session, stream, message, decision, rule, checkpoint, key, sessionKey, records } = newConversation()
    await importAll(records)
    const { segueSessions, eventStore, idempotencyKeys } = await opened().reopen()
    expect(await segueSessions.findSessions([session.id])).toEqual([session])
    expect(await segueSessions.countMessages([session.id])).toEqual(new Map([[session.id, 1]]))
    expect((await segueSessions.listConversations(firstPage, {}))?.conversations).toHaveLength(1)
    expect(await idempotencyKeys.find('key-1')).toMatchObject({ createdId: stream.id, fingerprint: 'print' })
    expect(await idempotencyKeys.find('key-2')).toMatchObject({ createdId: session.id, fingerprint: 'other print' })
    expect(await eventStore.findUnreferencedBlobs([hash])).toEqual([])
    expect(await eventStore.findContextCheckpoint(session.id)).toEqual(checkpoint)

    const reader = await opened().openExportReader()
    if (!reader) throw new Error('Nothing is stored.')
    const child = sessionOf({ parentId: session.id })
    await current().eventStore.createSession({ session: child, messages: [] })
    const ids = [session.id]
    expect(await reader.findSession(session.id)).toEqual({ ...session, key: sessionKey })
    expect(await reader.findContextCheckpoint(session.id)).toEqual(checkpoint)
    expect(await reader.findContextCheckpoint(child.id)).toBeNull()
    expect(await reader.findSession(child.id)).toBeNull()
    expect(await reader.listLinkedIds(session.id)).toEqual([])
    expect(await reader.listBlobHashes(session.id)).toEqual([hash])
    expect(await collect(reader.readStreams(ids))).toEqual([{ ...stream, key }])
    expect(await collect(reader.readMessages(ids))).toEqual([message])
    expect(await collect(reader.readEvents(ids))).toEqual([deltaOf(stream, 1)])
    expect(await collect(reader.readDecisions(ids))).toEqual([decision])
    expect(await reader.listApprovalRules(ids)).toEqual([rule])
    await reader.close()
    const later = await opened().openExportReader()
    expect(await later?.listLinkedIds(session.id)).toEqual([child.id])
    await later?.close()
  })

  test('what was deleted and is imported again has its keys again', async () => {
    const { session, stream, records } = newConversation()
    await importAll(records)
    const { eventStore } = await opened().reopen()
    await eventStore.deleteSessions([session.id])
    await importAll(records)
    const { idempotencyKeys } = await opened().reopen()
    expect(await idempotencyKeys.find('key-1')).toMatchObject({ createdId: stream.id })
    expect(await idempotencyKeys.find('key-2')).toMatchObject({ createdId: session.id })
  })

  test('a key that is in use is refused, and nothing is imported', async () => {
    const { session, records } = newConversation()
    await current().idempotencyKeys.put(idempotencyKeyOf('key-1'))
    await current().idempotencyKeys.put(idempotencyKeyOf('key-2', { fingerprint: 'of another call' }))
    await expect(importAll(records)).rejects.toMatchObject({ name: 'ImportConflictError', location: 'sessions 1' })
    const { segueSessions } = await opened().reopen()
    expect(await segueSessions.findSessions([session.id])).toEqual([])
  })

  test.each([
    ['session', 0],
    ['stream', 1],
    ['message', 2],
    ['event', 3],
    ['decision', 4],
  ])('an existing %s is refused, and nothing is imported', async (_, index) => {
    const [existing, imported] = [newConversation(), newConversation()]
    await importAll(existing.records)
    const duplicate = existing.records[index]
    if (!duplicate) throw new Error('There is no record of this type.')
    // The key is not what is refused.
    const record = { ...imported.records[0], record: { ...imported.session, key: null } } as LocatedImportRecord
    await expect(importAll([record, duplicate])).rejects.toMatchObject({
      name: 'ImportConflictError',
      location: duplicate.location,
    })
    const { segueSessions } = await opened().reopen()
    expect(await segueSessions.findSessions([imported.session.id])).toEqual([])
  })
}
