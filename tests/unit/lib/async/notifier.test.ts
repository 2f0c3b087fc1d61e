import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { Notifier } from '../../../../src/lib/async/notifier.ts'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'

const neverAborted = new AbortController().signal

test('a notification wakes everyone who waits', async () => {
  const notifier = new Notifier()
  const waits = [notifier.wait(notifier.version, neverAborted), notifier.wait(notifier.version, neverAborted)]
  notifier.notify()
  await Promise.all(waits)
  expect(notifier.version).toBe(1)
})

test('a notification between reading the version and waiting is not missed', async () => {
  const notifier = new Notifier()
  const { version } = notifier
  notifier.notify()
  await notifier.wait(version, neverAborted)
})

test('waiting continues until there is a new notification', async () => {
  const notifier = new Notifier()
  notifier.notify()
  let hasWoken = false
  const wait = notifier.wait(notifier.version, neverAborted).then(() => (hasWoken = true))
  await yieldToEventLoop()
  expect(hasWoken).toBe(false)
  notifier.notify()
  await wait
})

test('an aborted signal ends the wait, and keeps no listener', async () => {
  const notifier = new Notifier()
  const controller = new AbortController()
  const wait = notifier.wait(notifier.version, controller.signal)
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
  controller.abort()
  await wait
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  await notifier.wait(notifier.version, controller.signal)
})

test('closing wakes everyone, and nobody waits afterwards', async () => {
  const notifier = new Notifier()
  const wait = notifier.wait(notifier.version, neverAborted)
  notifier.close()
  await wait
  expect(notifier.isClosed).toBe(true)
  await notifier.wait(notifier.version, neverAborted)
})
