import { expect, test } from 'vitest'
import { SegueError, createShuttingDownError } from '../../../../src/lib/errors.ts'
import { TaskGate } from '../../../../src/lib/async/task-gate.ts'
import { newLatch } from '../../../support/fixtures/chats/agent-chats.ts'

test('an open gate runs tasks and counts them', async () => {
  const gate = new TaskGate()
  const latch = newLatch()
  const result = gate.run(async () => {
    await latch.opened
    return 'done'
  })
  expect(gate.activeCount).toBe(1)
  latch.open()
  expect(await result).toBe('done')
  await gate.waitUntilIdle()
  expect(gate.activeCount).toBe(0)
})

test('a closed gate refuses tasks with the first reason for closing, and waits for running ones', async () => {
  const gate = new TaskGate()
  const latch = newLatch()
  const running = gate.run(() => latch.opened)
  gate.close(createShuttingDownError())
  gate.close(new SegueError('INTERNAL', 'Another reason.'))
  await expect(gate.run(async () => 'too late')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  expect(() => gate.assertOpen()).toThrow(SegueError)
  latch.open()
  await running
  await gate.waitUntilIdle()
  expect(gate.activeCount).toBe(0)
})
