import { expect, onTestFinished, test, vi } from 'vitest'
import { parseIdKind } from '../../../src/lib/ids.ts'
import { systemClockAndIds } from '../../../src/lib/clock-and-ids.ts'

test('the system runtime reads the wall clock and generates ids', () => {
  const before = Date.now()
  const now = systemClockAndIds.now()
  expect(now).toBeGreaterThanOrEqual(before)
  expect(now).toBeLessThanOrEqual(Date.now())
  expect(parseIdKind(systemClockAndIds.newId('stream'))).toBe('stream')
})

test('a timer fires once after its delay, unless it is cancelled', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const fired: string[] = []
  systemClockAndIds.setTimer(50, () => fired.push('fired'))
  const cancel = systemClockAndIds.setTimer(50, () => fired.push('cancelled'))
  vi.advanceTimersByTime(49)
  expect(fired).toEqual([])
  cancel()
  vi.advanceTimersByTime(1_000)
  expect(fired).toEqual(['fired'])
})
