import { expect, onTestFinished, test } from 'vitest'
import { Notifier } from '../../../src/lib/async/notifier.ts'
import { handleNotifications } from '../../../src/storage/handle-notifications.ts'

const hourMs = 3_600_000

/** Handles notifications; the first ones fail. `handled` resolves when one does not. */
function handleWithFailures(failures: number, retryAfterMs?: number) {
  const notifier = new Notifier()
  onTestFinished(() => notifier.close())
  const errors: unknown[] = []
  const failed = Promise.withResolvers<void>()
  const handled = Promise.withResolvers<void>()
  void handleNotifications({
    notifier,
    handle: async () => {
      if (errors.length < failures) throw new Error('refused')
      handled.resolve()
    },
    onError: (error) => {
      errors.push(error)
      failed.resolve()
    },
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
  return { notifier, errors, failed: failed.promise, handled: handled.promise }
}

test('what could not be handled is tried again until it can be', async () => {
  const { notifier, errors, handled } = handleWithFailures(3, 1)
  notifier.notify()
  await handled
  expect(errors).toHaveLength(3)
})

test('a notification is handled at once while the next try of an earlier one is waited for', async () => {
  const { notifier, errors, failed, handled } = handleWithFailures(1, hourMs)
  notifier.notify()
  await failed
  notifier.notify()
  await handled
  expect(errors).toHaveLength(1)
})
