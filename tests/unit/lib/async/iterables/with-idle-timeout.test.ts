import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { withIdleTimeout } from '../../../../../src/lib/async/iterables/with-idle-timeout.ts'
import { yieldToEventLoop } from '../../../../../src/lib/async/yield-to-event-loop.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const never = new Promise<never>(() => {})
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

test('values that are no activity do not restart the timeout', async () => {
  const isActivity = (value: number) => value < 60
  const values = Array.fromAsync(withIdleTimeout(newSource([50, 60, 60]), 100, createError, { isActivity }))
  const error = values.catch((reason: unknown) => reason)
  await vi.advanceTimersByTimeAsync(150)
  expect(await error).toEqual(new Error('Nothing for 100 ms.'))
})

test('other activity restarts the timeout', async () => {
  let activities = 2
  const hasOtherActivity = () => (activities -= 1) >= 0
  const values = Array.fromAsync(withIdleTimeout(newSource([250]), 100, createError, { hasOtherActivity }))
  await vi.advanceTimersByTimeAsync(250)
  expect(await values).toEqual([250])
  expect(vi.getTimerCount()).toBe(0)
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

/** An iterator that yields `values` and then waits forever. Counts the calls of its `return`. */
function newHangingSource<T>(...values: readonly T[]) {
  let returnCount = 0
  const remaining = [...values]
  const source: AsyncIterable<T> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const [value] = remaining.splice(0, 1)
        return value === undefined ? never : { value, done: false }
      },
      return: async () => {
        returnCount += 1
        return { value: undefined, done: true }
      },
    }),
  }
  return { source, countReturns: () => returnCount }
}

describe('a source with an idle timeout', () => {
  test('yields its values and ends', async () => {
    async function* values() {
      yield 1
      yield 2
    }
    expect(await Array.fromAsync(withIdleTimeout(values(), 1000, createError))).toEqual([1, 2])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('passes on its error', async () => {
    async function* values() {
      yield 1
      throw new Error('broken')
    }
    const iterator = withIdleTimeout(values(), 1000, createError)
    expect(await iterator.next()).toEqual({ value: 1, done: false })
    await expect(iterator.next()).rejects.toThrow('broken')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('fails when it yields nothing for that long, and is closed', async () => {
    const { source, countReturns } = newHangingSource('a')
    const iterator = withIdleTimeout(source, 1000, createError)
    expect(await iterator.next()).toEqual({ value: 'a', done: false })
    const failure = iterator.next().catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(999)
    expect(countReturns()).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(await failure).toEqual(new Error('Nothing for 1000 ms.'))
    expect(countReturns()).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is closed when the consumer stops early', async () => {
    const { source, countReturns } = newHangingSource('a', 'b')
    for await (const value of withIdleTimeout(source, 1000, createError)) if (value === 'a') break
    expect(countReturns()).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('may be consumed slowly: only the time in which the consumer waits counts', async () => {
    const { source } = newHangingSource('a', 'b')
    const iterator = withIdleTimeout(source, 1000, createError)
    await iterator.next()
    await vi.advanceTimersByTimeAsync(5000)
    expect(await iterator.next()).toEqual({ value: 'b', done: false })
    await iterator.return()
  })

  test('uses one timer for all values', async () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout')
    async function* values() {
      for (let value = 0; value < 1000; value += 1) yield value
    }
    expect(await Array.fromAsync(withIdleTimeout(values(), 1000, createError))).toHaveLength(1000)
    expect(setTimer).toHaveBeenCalledTimes(1)
  })

  test('retains no value that has been consumed', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage: () => void = runInNewContext('gc')
    const references: WeakRef<object>[] = []
    async function* values() {
      for (;;) {
        const value = { text: 'x' }
        references.push(new WeakRef(value))
        yield value
      }
    }
    const iterator = withIdleTimeout(values(), 1000, createError)
    for (let count = 0; count < 1000; count += 1) await iterator.next()
    await yieldToEventLoop()
    collectGarbage()
    expect(references.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(10)
    await iterator.return()
  })
})
