import { expect, test } from 'vitest'
import { waitForAbort } from '../../../../src/lib/async/wait-for-abort.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'

test('waiting ends when the signal aborts', async () => {
  const controller = new AbortController()
  let isOver = false
  const wait = waitForAbort(controller.signal).then(() => (isOver = true))
  await yieldToEventLoop()
  expect(isOver).toBe(false)
  controller.abort()
  await wait
})

test('waiting ends at once if the signal is already aborted', async () => {
  expect(await waitForAbort(AbortSignal.abort())).toBeUndefined()
})
