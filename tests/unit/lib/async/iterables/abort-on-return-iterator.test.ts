import { expect, test } from 'vitest'
import { createAbortOnReturnIterator } from '../../../../../src/lib/async/iterables/abort-on-return-iterator.ts'
import { waitForAbort } from '../../../../../src/lib/async/wait-for-abort.ts'

test('values are passed on', async () => {
  const values = createAbortOnReturnIterator(async function* () {
    yield 1
    yield 2
  })
  expect(await Array.fromAsync(values)).toEqual([1, 2])
})

test('a return during a pending next aborts the signal and completes', async () => {
  const values = createAbortOnReturnIterator(async function* (signal) {
    yield 1
    await waitForAbort(signal)
  })
  expect(await values.next()).toEqual({ value: 1, done: false })
  const pending = values.next()
  await values.return?.()
  expect(await pending).toEqual({ value: undefined, done: true })
})
