import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { withTimeout } from '../../../../src/lib/async/with-timeout.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const tooLate = 'The answer took too long. Try again.'

test('a task that finishes in time yields its result, and leaves no timer', async () => {
  expect(await withTimeout(1_000, tooLate, async () => 'done')).toBe('done')
  await expect(withTimeout(1_000, tooLate, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(vi.getTimerCount()).toBe(0)
})

test('a task that takes too long is aborted, and the caller gets STORAGE with the message', async () => {
  let taskSignal: AbortSignal | null = null
  const result = withTimeout(1_000, tooLate, (signal) => {
    taskSignal = signal
    return new Promise(() => undefined)
  })
  const error = result.catch((reason: unknown) => reason)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await error).toMatchObject({ code: 'STORAGE', message: tooLate })
  expect(taskSignal).toMatchObject({ aborted: true, reason: { code: 'STORAGE', message: tooLate } })
})

test('a task that fails after the timeout causes no unhandled rejection', async () => {
  const { promise, reject } = Promise.withResolvers<never>()
  const error = withTimeout(1_000, tooLate, () => promise).catch((reason: unknown) => reason)
  await vi.advanceTimersByTimeAsync(1_000)
  reject(new Error('too late'))
  expect(await error).toMatchObject({ code: 'STORAGE' })
})
