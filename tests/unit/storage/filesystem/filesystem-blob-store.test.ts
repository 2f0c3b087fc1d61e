import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FilesystemBlobStore } from '../../../../src/storage/filesystem/filesystem-blob-store.ts'
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

describe('a blob', () => {
  test('is stored byte for byte under its SHA-256, readable by its owner only', async () => {
    const store = new FilesystemBlobStore(folder)
    const picture = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256))
    const hash = await store.put(picture)
    expect(hash).toBe(createHash('sha256').update(picture).digest('hex'))
    expect(readFileSync(join(folder, hash)).equals(picture)).toBe(true)
    expect((await store.get(hash))?.equals(picture)).toBe(true)
    expect([statSync(join(folder, hash)).mode & 0o077, statSync(folder).mode & 0o077]).toEqual([0, 0])
  })

  test('is stored once, however often and however concurrently it is put', async () => {
    const store = new FilesystemBlobStore(folder)
    const hashes = await Promise.all(Array.from({ length: 20 }, () => store.put(bytes('the same'))))
    expect(new Set(hashes).size).toBe(1)
    expect(names()).toEqual([hashOf('the same')])
  })

  test('may be empty', async () => {
    const store = new FilesystemBlobStore(folder)
    expect((await store.get(await store.put(bytes(''))))?.length).toBe(0)
  })

  test('outlives the process', async () => {
    const [hash = ''] = await putByEarlierProcess('a')
    expect(String(await new FilesystemBlobStore(folder).get(hash))).toBe('a')
  })
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

  test('leaves a blob that is put again during the look-up', async () => {
    const [hash = '', other = ''] = await putByEarlierProcess('again', 'other')
    const store = new FilesystemBlobStore(folder)
    await store.collectGarbage(async (hashes) => {
      await store.put(bytes('again'))
      return hashes
    })
    expect(names()).toEqual([hash])
    expect(await store.get(other)).toBeNull()
  })

  test('leaves blobs that are put later', async () => {
    const store = new FilesystemBlobStore(folder)
    await store.collectGarbage(async (hashes) => hashes)
    expect(await store.get(await store.put(bytes('late')))).not.toBeNull()
  })

  test('that cannot look up references deletes no complete file', async () => {
    const [hash] = await putByEarlierProcess('a')
    const sweeping = new FilesystemBlobStore(folder).collectGarbage(async () =>
      Promise.reject(new Error('no database')),
    )
    await expect(sweeping).rejects.toThrow('no database')
    expect(names()).toEqual([hash])
  })
})

describe('what is removed', () => {
  const old = new Date(Date.now() - 3_600_000)
  const age = (...hashes: string[]) => hashes.forEach((hash) => utimesSync(join(folder, hash), old, old))

  test('deletes the unreferenced ones among those that are named', async () => {
    const store = new FilesystemBlobStore(folder)
    await store.collectGarbage(async () => [])
    const [used = '', unused = '', other = ''] = await Promise.all(
      ['a', 'b', 'c'].map((text) => store.put(bytes(text))),
    )
    age(used, unused, other)
    await store.deleteUnreferenced([used, unused, hashOf('never there')], async (hashes) =>
      hashes.filter((hash) => hash !== used),
    )
    expect(names()).toEqual([used, other].toSorted())
  })

  test('asks for 500 at a time', async () => {
    const batchSizes: number[] = []
    const hashes = Array.from({ length: 1001 }, (_, index) => hashOf(`${index}`))
    await new FilesystemBlobStore(folder).deleteUnreferenced(hashes, async (some) => {
      batchSizes.push(some.length)
      return some
    })
    expect(batchSizes).toEqual([500, 500, 1])
  })

  test('deletes a recent blob later, unless something refers to it by then', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.now() })
    const store = new FilesystemBlobStore(folder)
    await store.collectGarbage(async () => [])
    const [late = '', referred = ''] = await Promise.all(['a', 'b'].map((text) => store.put(bytes(text))))
    const unused = [late, referred]
    await store.deleteUnreferenced([late, referred], async (hashes) => hashes.filter((hash) => unused.includes(hash)))
    expect(names()).toHaveLength(2)
    unused.pop()
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(names()).toEqual([referred])
  })
})
