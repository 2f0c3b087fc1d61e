import { expect, test, vi } from 'vitest'
import { DecisionTimers } from '../../../../src/chat/streaming/decision-timers.ts'

test('a decision that is over already expires at once, without a warning', async () => {
  const warn = vi.spyOn(process, 'emitWarning')
  const { promise, resolve } = Promise.withResolvers<string>()
  new DecisionTimers(resolve).start('decision', -60_000)
  expect(await promise).toBe('decision')
  expect(warn).not.toHaveBeenCalled()
  warn.mockRestore()
})
