import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { withIdleTimeout } from '../../../src/lib/with-idle-timeout.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const createError = (idleTimeoutMs: number): Error => new Error(`Nothing for ${idleTimeoutMs} ms.`)

/** Yields each value after its delay, and records whether it was closed. */
function newSource(delaysMs: readonly number[]) {
  const source = {
    isClosed: false,
    async *[Symbol.asyncIterator]() {
      try {
        for (const delayMs of delaysMs) {
          await new Promise((resolve) => setTimeout(resolve, delayMs))
          yield delayMs
        }
      } finally {
        source.isClosed = true
      }
    },
  }
  return source
}

test('values that arrive in time are passed on, however long all of them take', async () => {
  const values = Array.fromAsync(withIdleTimeout(newSource([90, 90, 90]), 100, createError))
  await vi.advanceTimersByTimeAsync(300)
  expect(await values).toEqual([90, 90, 90])
  expect(vi.getTimerCount()).toBe(0)
})

test('a gap that is too long fails with the error of the caller', async () => {
  const values = Array.fromAsync(withIdleTimeout(newSource([90, 110]), 100, createError))
  const error = values.catch((reason: unknown) => reason)
  await vi.advanceTimersByTimeAsync(200)
  expect(await error).toEqual(new Error('Nothing for 100 ms.'))
})

test('the time that the consumer takes does not count', async () => {
  const values = withIdleTimeout(newSource([10, 10]), 100, createError)
  const first = values.next()
  await vi.advanceTimersByTimeAsync(10)
  expect(await first).toEqual({ value: 10, done: false })
  await vi.advanceTimersByTimeAsync(10_000)
  const second = values.next()
  await vi.advanceTimersByTimeAsync(10)
  expect(await second).toEqual({ value: 10, done: false })
  await values.return()
})

test('a consumer that stops early closes the source and leaves no timer', async () => {
  const source = newSource([10, 10])
  const values = withIdleTimeout(source, 100, createError)
  const first = values.next()
  await vi.advanceTimersByTimeAsync(10)
  await first
  await values.return()
  expect(source.isClosed).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})
