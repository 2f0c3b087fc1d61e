import { describe, expect, test } from 'vitest'
import {
  defaultScheduleChoice,
  parseSchedule,
  type ScheduleChoice,
  toSchedule,
} from '../../src/jobs/form/schedule/schedule-choice.ts'

describe('The choice of a schedule', () => {
  test.each([
    [{ kind: 'daily', time: '09:05' }, '5 9 * * *'],
    [{ kind: 'weekdays', time: '18:30' }, '30 18 * * 1-5'],
    [{ kind: 'weekly', weekday: '0', time: '00:00' }, '0 0 * * 0'],
    [{ kind: 'monthly', dayOfMonth: '31', time: '12:00' }, '0 12 31 * *'],
    [{ kind: 'interval', count: '30', unit: 'm' }, 'every 30m'],
    [{ kind: 'delay', count: '2', unit: 'h' }, 'in 2h'],
    [{ kind: 'once', onceAt: '2030-01-31T09:00' }, /^2030-01-(30|31)T\d\d:\d\d:00Z$/],
  ] satisfies readonly (readonly [Partial<ScheduleChoice>, unknown])[])(
    '%j is a schedule that has the same choice again',
    (changes, schedule) => {
      const choice: ScheduleChoice = { ...defaultScheduleChoice, ...changes }
      const text = toSchedule(choice)
      if (typeof schedule === 'string') expect(text).toBe(schedule)
      else expect(text).toMatch(schedule)
      expect(parseSchedule(text)).toEqual({ ...choice, text })
    },
  )

  test.each(['*/5 * * * *', '0 9 1 1 *', '0 9 1 * 1', '@daily', '30 0 9 * * *', 'every 1h30m', '61 9 * * *'])(
    '%s stays a text',
    (schedule) => {
      const choice = parseSchedule(schedule)
      expect(choice.kind).toBe('custom')
      expect(toSchedule(choice)).toBe(schedule)
    },
  )

  test('Sunday may be 7', () => {
    expect(parseSchedule('0 9 * * 7')).toMatchObject({ kind: 'weekly', weekday: '0' })
  })

  test('what is missing makes no schedule', () => {
    expect(toSchedule({ ...defaultScheduleChoice, time: '' })).toBe('')
    expect(toSchedule({ ...defaultScheduleChoice, kind: 'interval', count: '' })).toBe('')
    expect(toSchedule({ ...defaultScheduleChoice, kind: 'once' })).toBe('')
  })
})
