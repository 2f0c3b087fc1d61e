import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FilesystemBlobStore } from '../../../src/storage/filesystem/filesystem-blob-store.ts'
import { newTempFolder } from '../../support/server/segue.ts'

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

/** What an earlier process left behind. */
async function left(...texts: string[]): Promise<string[]> {
  const earlier = new FilesystemBlobStore(folder)
  return Promise.all(texts.map((text) => earlier.put(bytes(text))))
}

describe('what is kept', () => {
  test('is there byte for byte under its sha256, for nobody else to read', async () => {
    const store = new FilesystemBlobStore(folder)
    const picture = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256))
    const hash = await store.put(picture)
    expect(hash).toBe(createHash('sha256').update(picture).digest('hex'))
    expect(readFileSync(join(folder, hash)).equals(picture)).toBe(true)
    expect((await store.get(hash))?.equals(picture)).toBe(true)
    expect([statSync(join(folder, hash)).mode & 0o077, statSync(folder).mode & 0o077]).toEqual([0, 0])
  })

  test('is kept once, however often and by however many at a time it comes', async () => {
    const store = new FilesystemBlobStore(folder)
    const kept = await Promise.all(Array.from({ length: 20 }, () => store.put(bytes('the same'))))
    expect(new Set(kept).size).toBe(1)
    expect(names()).toEqual([hashOf('the same')])
  })

  test('may be nothing at all', async () => {
    const store = new FilesystemBlobStore(folder)
    expect((await store.get(await store.put(bytes(''))))?.length).toBe(0)
  })

  test('is there for the next process', async () => {
    const [hash = ''] = await left('a')
    expect(String(await new FilesystemBlobStore(folder).get(hash))).toBe('a')
  })
})

test('nothing is made before the first file comes', async () => {
  const store = new FilesystemBlobStore(folder)
  expect(await store.get(hashOf('a'))).toBeNull()
  await store.collectGarbage(async (hashes) => hashes)
  expect(existsSync(folder)).toBe(false)
})

test('what is no hash is not looked for', async () => {
  await left('a')
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
  test('removes what is not used, and what was never finished, and nothing else', async () => {
    const [used = '', unused = ''] = await left('used', 'unused')
    writeFileSync(join(folder, 'half.part'), 'hal')
    writeFileSync(join(folder, 'notes.txt'), 'somebody put this here')
    mkdirSync(join(folder, 'folder'))
    const asked: string[] = []
    await new FilesystemBlobStore(folder).collectGarbage(async (hashes) => {
      asked.push(...hashes)
      return hashes.filter((hash) => hash !== used)
    })
    expect(asked.toSorted()).toEqual([used, unused].toSorted())
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

  test('leaves what this process kept, whatever the clock says and although nothing refers to it yet', async () => {
    const store = new FilesystemBlobStore(folder)
    const hash = await store.put(bytes('new'))
    utimesSync(join(folder, hash), 0, 0)
    await store.collectGarbage(async (hashes) => hashes)
    expect(names()).toEqual([hash])
  })

  test('leaves what comes once more while it looks for who uses it', async () => {
    const [hash = '', other = ''] = await left('again', 'other')
    const store = new FilesystemBlobStore(folder)
    await store.collectGarbage(async (hashes) => {
      await store.put(bytes('again'))
      return hashes
    })
    expect(names()).toEqual([hash])
    expect(await store.get(other)).toBeNull()
  })

  test('leaves what comes after it', async () => {
    const store = new FilesystemBlobStore(folder)
    await store.collectGarbage(async (hashes) => hashes)
    expect(await store.get(await store.put(bytes('late')))).not.toBeNull()
  })

  test('that cannot ask removes nothing that is whole', async () => {
    const [hash] = await left('a')
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

  test('is what nothing refers to, of those that were named', async () => {
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

  test('is asked for 500 at a time', async () => {
    const asked: number[] = []
    const hashes = Array.from({ length: 1001 }, (_, index) => hashOf(`${index}`))
    await new FilesystemBlobStore(folder).deleteUnreferenced(hashes, async (some) => {
      asked.push(some.length)
      return some
    })
    expect(asked).toEqual([500, 500, 1])
  })

  test('goes later if it was kept a moment ago, unless something refers to it by then', async () => {
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
