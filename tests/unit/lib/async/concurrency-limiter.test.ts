import { expect, test } from 'vitest'
import { ConcurrencyLimiter } from '../../../../src/lib/async/concurrency-limiter.ts'
import { newLatch } from '../../../support/fixtures/chats/agent-chats.ts'
import { waitUntil } from '../../../support/wait-until.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'

const neverAborted = new AbortController().signal

class QueueFullError extends Error {}

function newLimiter(maxConcurrent: number, maxQueued: number): ConcurrencyLimiter {
  return new ConcurrencyLimiter({ maxConcurrent, maxQueued, createRejection: () => new QueueFullError() })
}

/** Tasks that end when the test says so, and the names of those that have started. */
function newTasks(limiter: ConcurrencyLimiter) {
  const started: string[] = []
  const run = (name: string, signal: AbortSignal = neverAborted) => {
    const latch = newLatch()
    const done = limiter.run(async () => {
      started.push(name)
      await latch.opened
      return name
    }, signal)
    return { done, end: () => latch.open() }
  }
  return { started, run }
}

test('a limited number of tasks run at once; the others start in the order in which they arrived', async () => {
  const { started, run } = newTasks(newLimiter(2, 10))
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => run(name))
  expect(started).toEqual(['a', 'b'])
  b?.end()
  expect(await b?.done).toBe('b')
  await waitUntil(() => started.length > 2)
  const late = run('late')
  a?.end()
  await waitUntil(() => started.length > 3)
  expect(started).toEqual(['a', 'b', 'c', 'd'])
  for (const each of [c, d, late]) each?.end()
  expect(await Promise.all([c?.done, d?.done, late.done])).toEqual(['c', 'd', 'late'])
})

test('a task that is aborted while it waits does not run and takes no slot', async () => {
  const { started, run } = newTasks(newLimiter(1, 10))
  const controller = new AbortController()
  const a = run('a')
  const b = run('b', controller.signal)
  const c = run('c')
  controller.abort()
  expect(await b.done).toBeNull()
  await yieldToEventLoop()
  expect(started).toEqual(['a'])
  a.end()
  await waitUntil(() => started.length > 1)
  expect(started).toEqual(['a', 'c'])
  c.end()
  expect(await c.done).toBe('c')
  expect(await run('aborted', AbortSignal.abort()).done).toBeNull()
  const d = run('d')
  expect(started).toEqual(['a', 'c', 'd'])
  d.end()
})

test("a task that finds the queue full is rejected with the caller's error", async () => {
  const { run } = newTasks(newLimiter(1, 1))
  const a = run('a')
  const b = run('b')
  await expect(run('c').done).rejects.toThrow(QueueFullError)
  a.end()
  b.end()
  expect(await Promise.all([a.done, b.done])).toEqual(['a', 'b'])
})

test('a task that fails frees its slot', async () => {
  const limiter = newLimiter(1, 1)
  await expect(limiter.run(() => Promise.reject(new Error('broken')), neverAborted)).rejects.toThrow('broken')
  expect(await limiter.run(async () => 'done', neverAborted)).toBe('done')
})
