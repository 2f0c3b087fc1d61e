import { expect, test } from 'vitest'
import { ConcurrencyLimiter } from '../../../src/lib/concurrency-limiter.ts'
import { newLatch } from '../../support/fixtures/agent-chats.ts'
import { waitUntil } from '../../support/wait-until.ts'
import { yieldToEventLoop } from '../../../src/lib/yield-to-event-loop.ts'

const never = new AbortController().signal

/** Work that ends when it is let, and tells when it has begun. */
function works(turns: ConcurrencyLimiter) {
  const begun: string[] = []
  const run = (name: string, signal: AbortSignal = never) => {
    const door = newLatch()
    const done = turns.run(async () => {
      begun.push(name)
      await door.opened
      return name
    }, signal)
    return { done, end: () => door.open() }
  }
  return { begun, run }
}

test('a few run at once, and more have their turn in the order in which they came', async () => {
  const { begun, run } = works(new ConcurrencyLimiter(2, 10))
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => run(name))
  expect(begun).toEqual(['a', 'b'])
  b?.end()
  expect(await b?.done).toBe('b')
  await waitUntil(() => begun.length > 2)
  const late = run('late')
  a?.end()
  await waitUntil(() => begun.length > 3)
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
  for (const each of [c, d, late]) each?.end()
  expect(await Promise.all([c?.done, d?.done, late.done])).toEqual(['c', 'd', 'late'])
})

test('who leaves before its turn is not run, and takes no place', async () => {
  const { begun, run } = works(new ConcurrencyLimiter(1, 10))
  const leaving = new AbortController()
  const a = run('a')
  const b = run('b', leaving.signal)
  const c = run('c')
  leaving.abort()
  expect(await b.done).toBeNull()
  await yieldToEventLoop()
  expect(begun).toEqual(['a'])
  a.end()
  await waitUntil(() => begun.length > 1)
  expect(begun).toEqual(['a', 'c'])
  c.end()
  expect(await c.done).toBe('c')
  expect(await run('gone', AbortSignal.abort()).done).toBeNull()
  const d = run('d')
  expect(begun).toEqual(['a', 'c', 'd'])
  d.end()
})

test('one more than may wait is refused', async () => {
  const { run } = works(new ConcurrencyLimiter(1, 1))
  const a = run('a')
  const b = run('b')
  await expect(run('c').done).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  a.end()
  b.end()
  expect(await Promise.all([a.done, b.done])).toEqual(['a', 'b'])
})

test('work that fails leaves its place', async () => {
  const turns = new ConcurrencyLimiter(1, 1)
  await expect(turns.run(() => Promise.reject(new Error('broken')), never)).rejects.toThrow('broken')
  expect(await turns.run(async () => 'well', never)).toBe('well')
})
