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
