import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FilesystemBlobStore } from '../../../../src/storage/filesystem/filesystem-blob-store.ts'
import { describeBlobStore } from '../contract/blob-store-contract.ts'
import { newTempFolder } from '../../../support/server/segue.ts'

let home: string
let folder: string

beforeEach(() => {
  home = newTempFolder()
  folder = join(home, 'files')
})

afterEach(() => {
  vi.useRealTimers()
  rmSync(home, { recursive: true, force: true })
})

const bytes = (text: string) => Buffer.from(text)
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const names = () => readdirSync(folder).toSorted()

/** Blobs that an earlier process stored. */
async function putByEarlierProcess(...texts: string[]): Promise<string[]> {
  const earlier = new FilesystemBlobStore(folder)
  return Promise.all(texts.map((text) => earlier.put(bytes(text))))
}

describe('in a folder', () => {
  const old = new Date(Date.now() - 3_600_000)
  describeBlobStore(async () => ({
    open: () => new FilesystemBlobStore(folder),
    makeOld: async (hashes) => hashes.forEach((hash) => utimesSync(join(folder, hash), old, old)),
    list: async () => (existsSync(folder) ? names().filter((name) => !name.endsWith('.part')) : []),
  }))
})

test('a blob is a file that its owner alone can read', async () => {
  const hash = await new FilesystemBlobStore(folder).put(bytes('a'))
  expect(readFileSync(join(folder, hash), 'utf8')).toBe('a')
  expect([statSync(join(folder, hash)).mode & 0o077, statSync(folder).mode & 0o077]).toEqual([0, 0])
})
describe('a blob in a durable store', () => {
  /** How often each kind of file is flushed while a blob is put. */
  async function countFolderFlushes(durable: boolean): Promise<number> {
    await using handle = await open(home)
    const prototype: FileHandle = Object.getPrototypeOf(handle)
    let flushedFolders = 0
    const { sync } = prototype
    const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      if ((await this.stat()).isDirectory()) flushedFolders += 1
      await sync.call(this)
    })
    await new FilesystemBlobStore(folder, { durable }).put(bytes('a'))
    spy.mockRestore()
    return flushedFolders
  }

  test('has its name flushed to disk, too', async () => {
    expect(await countFolderFlushes(true)).toBe(1)
    expect(await countFolderFlushes(false)).toBe(0)
  })
})

test('the folder is created by the first blob', async () => {
  const store = new FilesystemBlobStore(folder)
  expect(await store.get(hashOf('a'))).toBeNull()
  await store.collectGarbage(async (hashes) => hashes)
  expect(existsSync(folder)).toBe(false)
})

test('a name that is not a hash is not looked up', async () => {
  await putByEarlierProcess('a')
  writeFileSync(join(home, 'secret'), 'x')
  const store = new FilesystemBlobStore(folder)
  for (const name of [
    '',
    '.',
    '../secret',
    '..%2fsecret',
    hashOf('a').toUpperCase(),
    `${hashOf('a')}\n`,
    'a'.repeat(63),
  ]) {
    expect(await store.get(name)).toBeNull()
  }
})

describe('a sweep', () => {
  test('deletes unreferenced blobs and unfinished files, and nothing else', async () => {
    const [used = '', unused = ''] = await putByEarlierProcess('used', 'unused')
    writeFileSync(join(folder, 'half.part'), 'hal')
    writeFileSync(join(folder, 'notes.txt'), 'somebody put this here')
    mkdirSync(join(folder, 'folder'))
    const checkedHashes: string[] = []
    await new FilesystemBlobStore(folder).collectGarbage(async (hashes) => {
      checkedHashes.push(...hashes)
      return hashes.filter((hash) => hash !== used)
    })
    expect(checkedHashes.toSorted()).toEqual([used, unused].toSorted())
    expect(names()).toEqual([used, 'folder', 'notes.txt'].toSorted())
  })

  test('asks for 500 at a time', async () => {
    mkdirSync(folder)
    for (let count = 0; count < 1001; count += 1) writeFileSync(join(folder, hashOf(`${count}`)), '')
    const sizes: number[] = []
    await new FilesystemBlobStore(folder).collectGarbage(async (hashes) => {
      sizes.push(hashes.length)
      return hashes
    })
    expect(sizes).toEqual([500, 500, 1])
    expect(names()).toEqual([])
  })

  test('leaves blobs of this process, whatever the clock says and although nothing refers to them yet', async () => {
    const store = new FilesystemBlobStore(folder)
    const hash = await store.put(bytes('new'))
    utimesSync(join(folder, hash), 0, 0)
    await store.collectGarbage(async (hashes) => hashes)
    expect(names()).toEqual([hash])
  })

  test('leaves blobs that are put later', async () => {
    const store = new FilesystemBlobStore(folder)
    await store.collectGarbage(async (hashes) => hashes)
    expect(await store.get(await store.put(bytes('late')))).not.toBeNull()
  })
})
