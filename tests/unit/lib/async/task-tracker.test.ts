import { expect, test } from 'vitest'
import { TaskTracker } from '../../../../src/lib/async/task-tracker.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import { newLatch } from '../../../support/fixtures/chats/agent-chats.ts'

test('a task starts at once, is counted while it runs, and returns its result', async () => {
  const tracker = new TaskTracker()
  const latch = newLatch()
  let hasStarted = false
  const result = tracker.run(async () => {
    hasStarted = true
    await latch.opened
    return 'done'
  })
  expect([hasStarted, tracker.activeCount]).toEqual([true, 1])
  latch.open()
  expect(await result).toBe('done')
  await tracker.waitUntilIdle()
  expect(tracker.activeCount).toBe(0)
})

test('a task that fails rejects, and is no longer counted', async () => {
  const tracker = new TaskTracker()
  await expect(tracker.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  await tracker.waitUntilIdle()
  expect(tracker.activeCount).toBe(0)
})

test('waiting covers tasks that start meanwhile', async () => {
  const tracker = new TaskTracker()
  const [first, second] = [newLatch(), newLatch()]
  const started = tracker.run(async () => {
    await first.opened
    void tracker.run(() => second.opened)
  })
  let isIdle = false
  const idle = tracker.waitUntilIdle().then(() => (isIdle = true))
  first.open()
  await started
  await yieldToEventLoop()
  expect(isIdle).toBe(false)
  second.open()
  await idle
  expect(tracker.activeCount).toBe(0)
})
