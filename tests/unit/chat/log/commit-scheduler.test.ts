import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CommitScheduler } from '../../../../src/chat/log/commit-scheduler.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** Commits have taken all of the time lately. */
function newBusyScheduler(): CommitScheduler {
  const scheduler = new CommitScheduler()
  scheduler.onCommitted(100)
  return scheduler
}

test('while nothing is committed, a commit is due at once', async () => {
  const scheduler = new CommitScheduler()
  const commit = vi.fn<() => void>()
  await scheduler.waitUntilDue()
  scheduler.schedule(commit)
  expect(commit).toHaveBeenCalledOnce()
})

test('under load, all commits wait for the same moment, and so do those that ask when it is', async () => {
  const scheduler = newBusyScheduler()
  const order: string[] = []
  scheduler.schedule(() => order.push('first'))
  void scheduler.waitUntilDue().then(() => order.push('waiting'))
  scheduler.schedule(() => order.push('second'))
  await vi.advanceTimersByTimeAsync(15)
  expect(order).toEqual([])
  await vi.advanceTimersByTimeAsync(10)
  expect(order).toEqual(['first', 'second', 'waiting'])
})

test('under load, whoever waits goes on even if nothing is to be committed', async () => {
  const scheduler = newBusyScheduler()
  const waiting = scheduler.waitUntilDue()
  await vi.advanceTimersByTimeAsync(25)
  await waiting
})

test('a commit that was cancelled does not happen', async () => {
  const scheduler = newBusyScheduler()
  const commit = vi.fn<() => void>()
  scheduler.schedule(commit)
  scheduler.cancel(commit)
  await vi.advanceTimersByTimeAsync(100)
  expect(commit).not.toHaveBeenCalled()
})
