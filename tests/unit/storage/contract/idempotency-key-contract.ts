import { expect, test } from 'vitest'
import { newSegueJob, startManualJobRun } from '../../../../src/jobs/job-state.ts'
import { newId } from '../../../../src/lib/ids.ts'
import { LogVersionConflictError, StorageError } from '../../../../src/storage/errors.ts'
import type { SegueStorage } from '../../../../src/storage/profile-storage.ts'
import { newJobInput, newRunIds } from '../../../support/jobs/job-fixtures.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'
import { addSession, idempotencyKeyOf, sessionOf, streamOf } from './records.ts'

const day = 86_400_000

export function describeIdempotencyKeyStore(open: OpenStorage): void {
  const { current, opened } = useStorage(open)

  async function addJob({ jobs }: SegueStorage) {
    const job = newSegueJob(newJobInput(), { id: newId('job'), profile: 'work', now: 0 })
    await jobs.commit({ job, idempotencyKey: idempotencyKeyOf('job', { createdId: job.id }) })
    return job
  }

  test('a key is found, replaced and removed, also after a restart', async () => {
    const key = idempotencyKeyOf('key', { isPending: true, outcome: 'CANCELLED' })
    await current().idempotencyKeys.put(key)
    expect(await current().idempotencyKeys.find('key')).toEqual(key)
    await current().idempotencyKeys.put({ ...key, isPending: false })
    const { idempotencyKeys } = await opened().reopen()
    expect(await idempotencyKeys.find('key')).toEqual({ ...key, isPending: false })
    await idempotencyKeys.remove('key')
    expect(await idempotencyKeys.find('key')).toBeNull()
  })

  test('a key is stored with what creates, changes or deletes something', async () => {
    const { eventStore, jobs, approvalRules, idempotencyKeys } = current()
    const session = sessionOf()
    await eventStore.createSession({ session, messages: [], idempotencyKey: idempotencyKeyOf('create session') })
    await eventStore.deleteSessions([session.id], idempotencyKeyOf('delete session'))
    const job = await addJob(current())
    await jobs.delete(job.id, idempotencyKeyOf('delete job'))
    await approvalRules.deleteForTool('look', idempotencyKeyOf('revoke'))
    for (const key of ['create session', 'delete session', 'delete job', 'revoke'])
      expect(await idempotencyKeys.find(key)).toEqual(idempotencyKeyOf(key))
  })

  test('a key is not stored with what fails', async () => {
    const { eventStore, jobs, idempotencyKeys } = current()
    const session = await addSession(current())
    const idempotencyKey = idempotencyKeyOf('key')
    const append = { sessionId: session.id, expectedHeadSeq: 7, events: [], idempotencyKeys: [idempotencyKey] }
    await expect(eventStore.append(append)).rejects.toThrow(LogVersionConflictError)
    await expect(eventStore.createSession({ session, messages: [], idempotencyKey })).rejects.toThrow(StorageError)
    expect(await jobs.delete('job_unknown', idempotencyKey)).toBe(false)
    expect(await idempotencyKeys.find('key')).toBeNull()
  })

  test('a key that is in use is refused with everything that it comes with', async () => {
    const { eventStore, segueSessions, idempotencyKeys } = current()
    expect(await idempotencyKeys.add(idempotencyKeyOf('key'))).toBe(true)
    expect(await idempotencyKeys.add(idempotencyKeyOf('key', { outcome: 'another' }))).toBe(false)
    expect(await idempotencyKeys.find('key')).toEqual(idempotencyKeyOf('key'))
    const session = sessionOf()
    const again = eventStore.createSession({ session, messages: [], idempotencyKey: idempotencyKeyOf('key') })
    await expect(again).rejects.toMatchObject({ name: 'StorageError', failure: 'CONSTRAINT' })
    const { id: sessionId } = await addSession(current())
    const start = { sessionId, expectedHeadSeq: 0, events: [], newKey: idempotencyKeyOf('key') }
    await expect(eventStore.append(start)).rejects.toMatchObject({ name: 'StorageError', failure: 'CONSTRAINT' })
    await eventStore.append({ ...start, newKey: idempotencyKeyOf('another key') })
    expect(await idempotencyKeys.find('another key')).not.toBeNull()
    expect(await segueSessions.findSessions([session.id])).toEqual([])
  })

  test('a key that is in use does not prevent an append, such as the end of a stream', async () => {
    const { eventStore, idempotencyKeys } = current()
    await idempotencyKeys.put(idempotencyKeyOf('key', { fingerprint: 'first' }))
    const { id: sessionId } = await addSession(current())
    const keys = [idempotencyKeyOf('key'), idempotencyKeyOf('other')]
    await eventStore.append({ sessionId, expectedHeadSeq: 0, events: [], idempotencyKeys: keys })
    expect(await idempotencyKeys.find('key')).toMatchObject({ fingerprint: 'first' })
    expect(await idempotencyKeys.find('other')).toEqual(keys[1])
  })

  test('old keys are pruned, except those of calls whose created object exists', async () => {
    const { eventStore, jobs, idempotencyKeys } = current()
    const session = await addSession(current())
    const stream = streamOf(session)
    const job = await addJob(current())
    const started = startManualJobRun(job, 0, newRunIds())
    await jobs.commit({ ...started, idempotencyKey: idempotencyKeyOf('run', { createdId: started.run.id }) })
    await eventStore.append({
      sessionId: session.id,
      expectedHeadSeq: 0,
      events: [],
      streams: [stream],
      idempotencyKeys: [idempotencyKeyOf('stream', { createdId: stream.id })],
    })
    await idempotencyKeys.put(idempotencyKeyOf('session', { createdId: session.id }))
    await idempotencyKeys.put(idempotencyKeyOf('profile', { createdId: 'prf_work' }))
    await idempotencyKeys.put(idempotencyKeyOf('old', { createdAt: day - 1 }))
    await idempotencyKeys.put(idempotencyKeyOf('new', { createdAt: day }))
    const listKept = async () => {
      await idempotencyKeys.prune(day)
      const keys = ['session', 'stream', 'job', 'run', 'profile', 'old', 'new']
      const found = await Promise.all(keys.map((key) => idempotencyKeys.find(key)))
      return found.flatMap((record) => record?.key ?? [])
    }
    expect(await listKept()).toEqual(['session', 'stream', 'job', 'run', 'profile', 'new'])
    await eventStore.deleteSessions([session.id])
    expect(await idempotencyKeys.find('stream')).toMatchObject({ createdId: null })
    expect(await listKept()).toEqual(['job', 'run', 'profile', 'new'])
    await jobs.delete(job.id)
    await idempotencyKeys.releaseCreated('prf_work')
    await idempotencyKeys.releaseCreated('prf_unknown')
    expect(await listKept()).toEqual(['new'])
  })

  test('keys are found by what their calls created', async () => {
    const { idempotencyKeys } = current()
    const key = idempotencyKeyOf('key', { createdId: 'ses_1' })
    await idempotencyKeys.put(key)
    await idempotencyKeys.put(idempotencyKeyOf('nothing'))
    const ids = ['ses_0', 'ses_1', ...Array.from({ length: 1_001 }, (_, index) => `str_${index}`)]
    expect(await idempotencyKeys.findByCreatedIds(ids)).toEqual(new Map([['ses_1', key]]))
    expect(await idempotencyKeys.findByCreatedIds([])).toEqual(new Map())
  })

  test('any number of keys is pruned', async () => {
    const { idempotencyKeys } = current()
    for (let index = 0; index < 1_001; index += 1) await idempotencyKeys.put(idempotencyKeyOf(`key ${index}`))
    await idempotencyKeys.prune(day)
    expect(await idempotencyKeys.find('key 0')).toBeNull()
    expect(await idempotencyKeys.find('key 1000')).toBeNull()
  })
}
