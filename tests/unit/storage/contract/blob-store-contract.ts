import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { BlobStore } from '../../../../src/storage/blob-store.ts'

/** Blobs, and what the contract needs to look at them from outside. */
export interface OpenedBlobs {
  /** Opens the blobs as another process does. */
  open(): BlobStore
  /** Makes blobs look as if they had been stored an hour ago. */
  makeOld(hashes: readonly string[]): Promise<void>
  /** The hashes of all blobs, in order. */
  list(): Promise<string[]>
}

/** 70,000 bytes of all values. */
const picture = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256))

const hashOf = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const all = (hashes: readonly string[]): Promise<readonly string[]> => Promise.resolve(hashes)

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

/** What every store of blobs must do. `openBlobs` returns an empty one for each test. */
export function describeBlobStore(openBlobs: () => Promise<OpenedBlobs>): void {
  let blobs: OpenedBlobs
  let store: BlobStore
  const put = (text: string): Promise<string> => store.put(Buffer.from(text))

  beforeEach(async () => {
    blobs = await openBlobs()
    store = blobs.open()
  })

  describe('a blob', () => {
    test('is stored byte for byte under its SHA-256, for other processes too', async () => {
      expect(await store.put(picture)).toBe(hashOf(picture))
      for (const each of [store, blobs.open()]) expect((await each.get(hashOf(picture)))?.equals(picture)).toBe(true)
    })

    test('is stored once, however often and however concurrently it is put', async () => {
      const hashes = await Promise.all(Array.from({ length: 20 }, () => put('the same')))
      expect(new Set(hashes)).toEqual(new Set([hashOf('the same')]))
      expect(await blobs.list()).toEqual([hashOf('the same')])
    })

    test('may be empty', async () => {
      const hash = await put('')
      expect((await store.get(hash))?.length).toBe(0)
      await using opened = await store.open(hash)
      expect(opened?.size).toBe(0)
    })

    test('that is not stored is null, and so is what is no hash', async () => {
      await put('a')
      const names = ['', '.', '../secret', hashOf('a').toUpperCase(), `${hashOf('a')}\n`, 'a'.repeat(63), hashOf('b')]
      for (const name of names) expect([await store.get(name), await store.open(name)]).toEqual([null, null])
    })

    test.each([
      [0, 69_999],
      [0, 0],
      [65_535, 65_536],
      [65_536, 69_999],
      [1_000, 69_000],
    ])('is read from byte %i to byte %i', async (start, end) => {
      const hash = await store.put(picture)
      await using opened = await store.open(hash)
      expect(opened?.size).toBe(picture.length)
      const read = opened && (await buffer(opened.read(start, end)))
      expect(read?.equals(picture.subarray(start, end + 1))).toBe(true)
    })

    test('that is open can be read although it is deleted', async () => {
      const hash = await store.put(picture)
      await blobs.makeOld([hash])
      await using opened = await store.open(hash)
      await store.deleteUnreferenced([hash], all)
      expect(await store.get(hash)).toBeNull()
      expect(opened && (await buffer(opened.read(0, 69_999))).equals(picture)).toBe(true)
    })
  })

  describe('bytes that are received', () => {
    test.each([1, 1_000, 65_536, 70_000])(
      'in pieces of %i are hashed, and become a blob when they are kept',
      async (size) => {
        const bytes = size === 1 ? picture.subarray(0, 100) : picture
        await using received = await store.receive(inPieces(bytes, size))
        expect([received.hash, received.size]).toEqual([hashOf(bytes), bytes.length])
        expect((await received.read()).equals(bytes)).toBe(true)
        expect(await blobs.list()).toEqual([])
        expect(await received.keep()).toBe(hashOf(bytes))
        expect((await store.get(hashOf(bytes)))?.equals(bytes)).toBe(true)
      },
    )

    test('may be a megabyte', async () => {
      const bytes = Buffer.concat(Array.from({ length: 17 }, () => picture))
      await using received = await store.receive(inPieces(bytes, 100_000))
      const hash = await received.keep()
      expect([hash, (await store.get(hash))?.equals(bytes)]).toEqual([hashOf(bytes), true])
    })

    test('are discarded unless they are kept', async () => {
      {
        await using received = await store.receive(inPieces(picture, 1_000))
        expect(received.size).toBe(picture.length)
      }
      expect(await blobs.list()).toEqual([])
    })

    test('that are a blob already stay one', async () => {
      const hash = await store.put(picture)
      {
        await using again = await store.receive(inPieces(picture, 1_000))
        expect(await again.keep()).toBe(hash)
      }
      expect((await store.get(hash))?.equals(picture)).toBe(true)
      expect(await blobs.list()).toEqual([hash])
    })

    test('are discarded when they break off', async () => {
      const broken = async function* (): AsyncGenerator<Buffer> {
        yield picture
        await Promise.resolve()
        throw new Error('The client is gone.')
      }
      await expect(store.receive(broken())).rejects.toThrow('The client is gone.')
      expect(await blobs.list()).toEqual([])
    })
  })

  describe('garbage collection', () => {
    test('deletes the old blobs that nothing refers to', async () => {
      const [used = '', unused = ''] = await Promise.all(['used', 'unused'].map(put))
      await blobs.makeOld([used, unused])
      const asked: string[] = []
      await blobs.open().collectGarbage(async (hashes) => {
        asked.push(...hashes)
        return hashes.filter((hash) => hash !== used)
      })
      expect(asked.toSorted()).toEqual([used, unused].toSorted())
      expect(await blobs.list()).toEqual([used])
    })

    test('leaves what this process has just stored, although nothing refers to it yet', async () => {
      const hash = await put('new')
      await store.collectGarbage(all)
      expect(await blobs.list()).toEqual([hash])
    })

    test('leaves a blob that is put again during the look-up', async () => {
      const [again = '', other = ''] = await Promise.all(['again', 'other'].map(put))
      await blobs.makeOld([again, other])
      const collecting = blobs.open()
      await collecting.collectGarbage(async (hashes) => {
        await collecting.put(Buffer.from('again'))
        return hashes
      })
      expect(await blobs.list()).toEqual([again])
    })

    test('that cannot look up references deletes nothing', async () => {
      const hash = await put('a')
      await blobs.makeOld([hash])
      const collecting = blobs.open().collectGarbage(() => Promise.reject(new Error('no database')))
      await expect(collecting).rejects.toThrow('no database')
      expect(await blobs.list()).toEqual([hash])
    })
  })

  describe('what is removed', () => {
    test('deletes the unreferenced ones among those that are named', async () => {
      const hashes = await Promise.all(['a', 'b', 'c'].map(put))
      const [used = '', unused = '', other = ''] = hashes
      await blobs.makeOld(hashes)
      await store.collectGarbage(() => Promise.resolve([]))
      const findUnreferenced = async (some: readonly string[]): Promise<string[]> =>
        some.filter((hash) => hash !== used)
      await store.deleteUnreferenced([used, unused, hashOf('never there')], findUnreferenced)
      expect(await blobs.list()).toEqual([used, other].toSorted())
    })

    test('asks for 500 at a time', async () => {
      const sizes: number[] = []
      const hashes = Array.from({ length: 1_001 }, (_, index) => hashOf(`${index}`))
      await store.deleteUnreferenced(hashes, async (some) => {
        sizes.push(some.length)
        return some
      })
      expect(sizes).toEqual([500, 500, 1])
    })

    test('deletes a recent blob later, unless something refers to it by then', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.now() })
      onTestFinished(() => void vi.useRealTimers())
      const [late = '', referred = ''] = await Promise.all(['a', 'b'].map(put))
      const unused = [late, referred]
      await store.deleteUnreferenced([late, referred], async (hashes) => hashes.filter((hash) => unused.includes(hash)))
      expect(await blobs.list()).toHaveLength(2)
      unused.pop()
      await blobs.makeOld([late, referred])
      await vi.advanceTimersByTimeAsync(5 * 60_000)
      vi.useRealTimers()
      await expect.poll(() => blobs.list()).toEqual([referred])
    })
  })
}
