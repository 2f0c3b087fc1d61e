import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ActorMailbox } from '../../../../src/chat/runtime/actor-mailbox.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function newMailbox(afterEachTask: () => Promise<void> = async () => undefined) {
  const steps: string[] = []
  const errors: unknown[] = []
  const mailbox = new ActorMailbox({
    afterEach: async () => {
      steps.push('after')
      await afterEachTask()
    },
    onError: (error) => errors.push(error),
    onIdle: () => steps.push('idle'),
  })
  return { mailbox, steps, errors }
}

test('tasks run one after the other, each followed by afterEach, and the mailbox is idle after the last one', async () => {
  const { mailbox, steps } = newMailbox()
  const results = [1, 2].map((task) =>
    mailbox.enqueue(async () => {
      steps.push(`start ${task}`)
      await Promise.resolve()
      steps.push(`end ${task}`)
      return task
    }),
  )
  expect(await Promise.all(results)).toEqual([1, 2])
  await mailbox.drain()
  expect(steps).toEqual(['start 1', 'end 1', 'after', 'start 2', 'end 2', 'after', 'idle'])
})

test('a task that fails rejects, and the next one runs', async () => {
  const { mailbox, errors } = newMailbox()
  const failed = mailbox.enqueue(() => Promise.reject(new Error('broken')))
  const next = mailbox.enqueue(async () => 'done')
  await expect(failed).rejects.toThrow('broken')
  expect(await next).toBe('done')
  expect(errors).toEqual([])
})

test('waking runs afterEach without a task', async () => {
  const { mailbox, steps } = newMailbox()
  mailbox.wake()
  await mailbox.drain()
  expect(steps).toEqual(['after', 'idle'])
})

test('afterEach is retried after a pause if it fails, and its error is reported', async () => {
  let failures = 2
  const { mailbox, steps, errors } = newMailbox(async () => {
    if (failures-- > 0) throw new Error('disk full')
  })
  await mailbox.enqueue(async () => undefined)
  await mailbox.drain()
  expect(errors).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(499)
  expect(errors).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(errors).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(500)
  expect(errors).toHaveLength(2)
  expect(steps).toEqual(['after', 'idle', 'after', 'idle', 'after', 'idle'])
  expect(vi.getTimerCount()).toBe(0)
})
