import { expect, test } from 'vitest'
import { KeyedMutex } from '../../../../src/lib/async/keyed-mutex.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'
import { newLatch } from '../../../support/fixtures/chats/agent-chats.ts'

test('tasks with the same key run one after the other, in order', async () => {
  const mutex = new KeyedMutex()
  const latch = newLatch()
  const steps: string[] = []
  const first = mutex.run('key', async () => {
    steps.push('first starts')
    await latch.opened
    steps.push('first ends')
    return 1
  })
  const second = mutex.run('key', async () => void steps.push('second'))
  const third = mutex.run('key', async () => void steps.push('third'))
  await yieldToEventLoop()
  expect(steps).toEqual(['first starts'])
  latch.open()
  expect(await first).toBe(1)
  await Promise.all([second, third])
  expect(steps).toEqual(['first starts', 'first ends', 'second', 'third'])
})

test('tasks with different keys run at the same time', async () => {
  const mutex = new KeyedMutex()
  const latch = newLatch()
  const blocked = mutex.run('a', () => latch.opened)
  expect(await mutex.run('b', async () => 'done')).toBe('done')
  latch.open()
  await blocked
})

test('a task that fails does not stop the next one', async () => {
  const mutex = new KeyedMutex()
  const failed = mutex.run('key', () => Promise.reject(new Error('broken')))
  const next = mutex.run('key', async () => 'done')
  await expect(failed).rejects.toThrow('broken')
  expect(await next).toBe('done')
})
