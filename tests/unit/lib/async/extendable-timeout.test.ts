import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ExtendableTimeout } from '../../../../src/lib/async/extendable-timeout.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a timeout aborts when its time is over', () => {
  using timeout = new ExtendableTimeout({ timeoutMs: 100, maxTimeoutMs: 1000 })
  vi.advanceTimersByTime(99)
  expect(timeout.signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(timeout.signal).toMatchObject({ aborted: true, reason: { name: 'TimeoutError' } })
})

test('an extension restarts it, up to the maximum', () => {
  using timeout = new ExtendableTimeout({ timeoutMs: 100, maxTimeoutMs: 1000 })
  for (let passed = 0; passed < 990; passed += 90) {
    expect(timeout.signal.aborted).toBe(false)
    vi.advanceTimersByTime(90)
    timeout.extend()
  }
  vi.advanceTimersByTime(10)
  expect(timeout.signal.aborted).toBe(true)
})

test('leaves no timer behind', () => {
  {
    using timeout = new ExtendableTimeout({ timeoutMs: 100, maxTimeoutMs: 1000 })
    timeout.extend()
  }
  expect(vi.getTimerCount()).toBe(0)
})

test('time that a person takes counts for neither limit, and the timeout starts anew after it', async () => {
  using timeout = new ExtendableTimeout({ timeoutMs: 100, maxTimeoutMs: 150 })
  vi.advanceTimersByTime(60)
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const held = [timeout.hold(() => first.promise), timeout.hold(() => second.promise)]
  vi.advanceTimersByTime(10_000)
  first.resolve()
  await held[0]
  vi.advanceTimersByTime(10_000)
  second.resolve()
  await held[1]
  vi.advanceTimersByTime(89)
  expect(timeout.signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(timeout.signal.aborted).toBe(true)
})

test('a task that ends after the timeout was disposed of leaves no timer behind', async () => {
  const task = Promise.withResolvers<void>()
  const timeout = new ExtendableTimeout({ timeoutMs: 100, maxTimeoutMs: 150 })
  const held = timeout.hold(() => task.promise)
  timeout[Symbol.dispose]()
  task.resolve()
  await held
  expect(vi.getTimerCount()).toBe(0)
})
