import { expect, test } from 'vitest'
import type { PageRequest } from '../../../src/lib/pagination.ts'
import { LongReads, readMessagePage } from '../../../src/schema/long-reads.ts'

const megabyte = 'x'.repeat(1_000_000)

test('A query reads its messages page by page', async () => {
  const reads = new LongReads()
  const order: string[] = []
  const load = (name: string) => async () => {
    order.push(`${name} begins`)
    await Promise.resolve()
    order.push(`${name} ends`)
    return [name]
  }
  expect(await Promise.all([reads.read(load('first')), reads.read(load('second'))])).toEqual([['first'], ['second']])
  expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
})

test('A page that cannot be read leaves the others alone', async () => {
  const reads = new LongReads()
  await expect(reads.read(() => Promise.reject(new Error('damaged')))).rejects.toThrow('damaged')
  expect(await reads.read(async () => 'next')).toBe('next')
})

test('A query reads at most 100 million characters of messages, however they are nested, and the page that reaches the limit', async () => {
  const reads = new LongReads()
  const page = Array.from({ length: 25 }, () => ({
    parts: [{ type: 'text', text: megabyte }, { call: { result: megabyte } }],
  }))
  await reads.read(async () => page)
  await reads.read(async () => page)
  await expect(reads.read(async () => [])).rejects.toMatchObject({ code: 'TOO_LARGE' })
})

/** A list of numbers, which are their own keys. */
function newNumbers(count: number, text = '') {
  const limits: number[] = []
  return {
    limits,
    toKey: ({ key }: { readonly key: number }) => key,
    loadPage: async ({ after, before, limit, backwards }: PageRequest<number>) => {
      limits.push(limit)
      const rows = Array.from({ length: count }, (_, key) => ({ key, text }))
      const range = rows.filter(({ key }) => key > (after ?? -1) && key < (before ?? count))
      return backwards ? range.slice(-limit) : range.slice(0, limit)
    },
  }
}

test.each([false, true])(
  'A large page is read in parts, with the same messages in the same order (backwards: %s)',
  async (backwards) => {
    for (const [count, limit] of [
      [1000, 1000],
      [1000, 300],
      [256, 500],
      [128, 129],
      [0, 200],
      [90, 101],
    ] as const) {
      const numbers = newNumbers(count)
      const page = { after: 4, before: 990, limit, backwards }
      const read = await readMessagePage(new LongReads(), page, numbers)
      expect(Math.max(...numbers.limits)).toBeLessThanOrEqual(128)
      expect(read).toEqual(await numbers.loadPage(page))
    }
  },
)

test('A page of more than 100 million characters is refused before all of it is read', async () => {
  const numbers = newNumbers(1000, megabyte)
  const page = { after: null, before: null, limit: 1000, backwards: false }
  await expect(readMessagePage(new LongReads(), page, numbers)).rejects.toMatchObject({ code: 'TOO_LARGE' })
  expect(numbers.limits).toEqual([128])
})
