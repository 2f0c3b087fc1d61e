import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { rejectOnAbort } from '../../../../src/lib/async/reject-on-abort.ts'

const pending = new Promise<never>(() => undefined)

test('the result of a promise that settles first is passed on', async () => {
  const { signal } = new AbortController()
  expect(await rejectOnAbort(Promise.resolve(1), signal)).toBe(1)
  await expect(rejectOnAbort(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken')
})

test('an abort rejects with the reason of the signal', async () => {
  const controller = new AbortController()
  const result = rejectOnAbort(pending, controller.signal)
  controller.abort(new Error('stopped'))
  await expect(result).rejects.toThrow('stopped')
})

test('a signal that is already aborted rejects at once', async () => {
  await expect(rejectOnAbort(pending, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
})

test('a promise that fails after the abort causes no unhandled rejection', async () => {
  const { promise, reject } = Promise.withResolvers<never>()
  await expect(rejectOnAbort(promise, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
  reject(new Error('too late'))
})

test('a signal that outlives many promises keeps none of their listeners', async () => {
  const controller = new AbortController()
  for (let round = 0; round < 1000; round += 1) {
    await rejectOnAbort(Promise.resolve(), controller.signal)
    await rejectOnAbort(Promise.reject(new Error('broken')), controller.signal).catch(() => undefined)
  }
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
})
