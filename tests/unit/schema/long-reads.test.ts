import { expect, test } from 'vitest'
import { LongReads } from '../../../src/schema/long-reads.ts'

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
