import { expect, test } from 'vitest'
import { StorageError } from '../../../../src/storage/errors.ts'
import { WriteLockQueue } from '../../../../src/storage/sqlite/database/write-lock-queue.ts'

const busy = () => new StorageError('BUSY', new Error('database is locked'))

test('a transaction runs before the call returns if nobody holds the lock', () => {
  const order: string[] = []
  void new WriteLockQueue().run(() => order.push('transaction'))
  order.push('after the call')
  expect(order).toEqual(['transaction', 'after the call'])
})

test('transactions that wait for the lock run in the order of the calls, and nobody waits afterwards', async () => {
  const queue = new WriteLockQueue({ retryDelayMs: 1 })
  const order: string[] = []
  let failures = 3
  const first = queue.run(() => {
    if (failures-- > 0) throw busy()
    order.push('first')
  })
  const second = queue.run(() => order.push('second'))
  expect(order).toEqual([])
  await Promise.all([first, second])
  expect(order).toEqual(['first', 'second'])
  void queue.run(() => order.push('third'))
  expect(order).toEqual(['first', 'second', 'third'])
})

test('a transaction that fails for another reason rejects at once and holds up nobody', async () => {
  const queue = new WriteLockQueue()
  const full = new StorageError('FULL', new Error('database or disk is full'))
  await expect(
    queue.run(() => {
      throw full
    }),
  ).rejects.toBe(full)
  await expect(queue.run(() => 'next')).resolves.toBe('next')
})

test('a lock that is held for too long rejects with STORAGE, and those behind it still get their turn', async () => {
  const queue = new WriteLockQueue({ retryDelayMs: 1, maxWaitMs: 5 })
  const first = queue.run(() => {
    throw busy()
  })
  const second = queue.run(() => 'second')
  await expect(first).rejects.toMatchObject({ code: 'STORAGE', message: expect.stringContaining('Another program') })
  await expect(second).resolves.toBe('second')
})
