import { expect, onTestFinished, test, vi } from 'vitest'
import { parseIdKind } from '../../../src/lib/ids.ts'
import { systemRuntime } from '../../../src/lib/runtime.ts'

test('the system runtime reads the wall clock and generates ids', () => {
  const before = Date.now()
  const now = systemRuntime.now()
  expect(now).toBeGreaterThanOrEqual(before)
  expect(now).toBeLessThanOrEqual(Date.now())
  expect(parseIdKind(systemRuntime.newId('stream'))).toBe('stream')
})

test('a timer fires once after its delay, unless it is cancelled', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const fired: string[] = []
  systemRuntime.setTimer(50, () => fired.push('fired'))
  const cancel = systemRuntime.setTimer(50, () => fired.push('cancelled'))
  vi.advanceTimersByTime(49)
  expect(fired).toEqual([])
  cancel()
  vi.advanceTimersByTime(1_000)
  expect(fired).toEqual(['fired'])
})
