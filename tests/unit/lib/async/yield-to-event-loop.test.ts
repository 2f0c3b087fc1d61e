import { expect, test } from 'vitest'
import { yieldToEventLoop } from '../../../../src/lib/async/yield-to-event-loop.ts'

test('timers and I/O that are due run before it resolves', async () => {
  const steps: string[] = []
  setImmediate(() => steps.push('callback'))
  await yieldToEventLoop()
  steps.push('resumed')
  expect(steps).toEqual(['callback', 'resumed'])
})
