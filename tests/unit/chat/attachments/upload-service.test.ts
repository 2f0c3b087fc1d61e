import { Readable } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import { UploadService, uploadRetentionMs } from '../../../../src/chat/attachments/upload-service.ts'
import { systemClockAndIds } from '../../../../src/lib/clock-and-ids.ts'
import { FileConverter } from '../../../../src/lib/file-conversion/file-converter.ts'
import type { BlobStore } from '../../../../src/storage/blob-store.ts'
import type { UploadRecord } from '../../../../src/storage/uploads/upload-store.ts'
import { MemoryBlobStore } from '../../../support/storage/memory-blob-store.ts'

const newText = async () => ({
  name: 'a.txt',
  mediaType: 'text/plain',
  content: await new MemoryBlobStore().receive(Readable.from([Buffer.from('Hello')])),
})
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

function openService(usage = { count: 0, bytes: 0 }, insertError: Error | null = null) {
  const stored: UploadRecord[] = []
  const deletedBefore: number[] = []
  const deleteUnreferenced = vi.fn<BlobStore['deleteUnreferenced']>(async () => undefined)
  const blobs = Object.assign(new MemoryBlobStore(), { deleteUnreferenced })
  const service = new UploadService({
    blobs,
    references: { findUnreferencedBlobs: async (hashes) => [...hashes] },
    converter: new FileConverter(),
    runtime: { ...systemClockAndIds, now: () => uploadRetentionMs + 5 },
    uploads: {
      insert: async (upload) => {
        if (insertError) throw insertError
        stored.push(upload)
      },
      find: async () => null,
      measure: async () => usage,
      deleteOlderThan: async (createdAt) => {
        deletedBefore.push(createdAt)
        return []
      },
    },
  })
  return { service, stored, deletedBefore, blobs, deleteUnreferenced }
}

test('uploads that are older than a day are deleted at the start', async () => {
  const { service, deletedBefore } = openService()
  const stop = service.startPruning((error) => {
    throw error
  })
  stops.push(stop)
  await stop()
  expect(deletedBefore).toEqual([5])
})

test.each([
  ['number', { count: 1000, bytes: 0 }],
  ['size', { count: 1, bytes: 1024 ** 3 }],
])('the %s of all uploads has a limit', async (_, usage) => {
  const { service, stored } = openService(usage)
  await expect(service.store(await newText())).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  expect(stored).toEqual([])
})

test('the file of an upload that cannot be recorded is deleted', async () => {
  const full = new Error('The disk is full.')
  const { service, blobs, deleteUnreferenced } = openService({ count: 0, bytes: 0 }, full)
  const content = await blobs.receive(Readable.from([Buffer.from('Hello')]))
  await expect(service.store({ ...(await newText()), content })).rejects.toBe(full)
  expect(deleteUnreferenced.mock.calls.map(([hashes]) => hashes)).toEqual([[...blobs.files.keys()]])
})
