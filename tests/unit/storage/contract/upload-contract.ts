import { expect, test } from 'vitest'
import type { UploadRecord } from '../../../../src/storage/uploads/upload-store.ts'
import { type OpenStorage, useStorage } from './opened-storage.ts'

const upload: UploadRecord = {
  id: 'upl_1',
  hash: 'a'.repeat(64),
  mediaType: 'image/png',
  name: 'a.png',
  size: 10,
  createdAt: 1000,
}
const other: UploadRecord = { ...upload, id: 'upl_2', hash: 'b'.repeat(64), name: null, size: 5, createdAt: 2000 }

export function describeUploadStore(open: OpenStorage): void {
  const { current, opened } = useStorage(open)

  test('an upload is found by its id, also after a restart', async () => {
    expect(await current().uploads.measure()).toEqual({ count: 0, bytes: 0 })
    for (const each of [upload, other]) await current().uploads.insert(each)
    expect(await current().uploads.find('upl_1')).toEqual(upload)
    expect(await current().uploads.measure()).toEqual({ count: 2, bytes: 15 })
    const { uploads } = await opened().reopen()
    expect(await uploads.find('upl_2')).toEqual(other)
    expect(await uploads.find('upl_3')).toBeNull()
  })

  test('uploads that are older are deleted, and name their blobs once', async () => {
    for (const each of [upload, { ...upload, id: 'upl_3' }, other]) await current().uploads.insert(each)
    expect(await current().uploads.deleteOlderThan(2000)).toEqual([upload.hash])
    expect(await current().uploads.find('upl_1')).toBeNull()
    expect(await current().uploads.find('upl_2')).toEqual(other)
  })

  test('the blob of an upload is no garbage', async () => {
    await current().uploads.insert(upload)
    const hashes = [upload.hash, other.hash]
    expect(await current().eventStore.findUnreferencedBlobs(hashes)).toEqual([other.hash])
  })
}
