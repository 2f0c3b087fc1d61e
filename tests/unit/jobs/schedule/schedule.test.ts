import { expect, test } from 'vitest'
import { listNextDueTimes, type Schedule } from '../../../../src/jobs/schedule/schedule.ts'
import { IntervalSchedule } from '../../../../src/jobs/schedule/interval-schedule.ts'
import { OneTimeSchedule } from '../../../../src/jobs/schedule/one-time-schedule.ts'

test('listing due times computes no more of them than it returns', () => {
  let computed = 0
  const schedule: Schedule = {
    recurring: true,
    description: '',
    next: (after) => {
      computed += 1
      return after + 1
    },
    dueBetween: () => null,
  }
  expect(listNextDueTimes(schedule, 0, 3)).toEqual([1, 2, 3])
  expect(computed).toBe(3)
  expect(listNextDueTimes(schedule, 0, 0)).toEqual([])
  expect(computed).toBe(3)
})

test('an interval counts from its anchor, and is never due at it or before it', () => {
  const schedule = new IntervalSchedule(10_000, 1_000)
  expect(listNextDueTimes(schedule, -50_000, 2)).toEqual([11_000, 21_000])
  expect(listNextDueTimes(schedule, 11_000, 1)).toEqual([21_000])
  expect(schedule.dueBetween(0, 10_999)).toBeNull()
  expect(schedule.dueBetween(0, 35_000)).toEqual({ latest: 31_000, count: 3 })
})

test('a one-time schedule has no due time after the first', () => {
  const schedule = new OneTimeSchedule(5_000)
  expect(listNextDueTimes(schedule, 0, 2)).toEqual([5_000])
  expect(schedule.next(5_000)).toBeNull()
  expect(schedule.dueBetween(4_999, 5_000)).toEqual({ latest: 5_000, count: 1 })
  expect(schedule.dueBetween(5_000, 9_000)).toBeNull()
})
