import { describe, expect, test } from 'vitest'
import { CronSchedule } from '../../../../src/jobs/schedule/cron-schedule.ts'
import { normalizeCronExpression } from '../../../../src/jobs/schedule/normalize-cron-expression.ts'

test.each([
  ['0 9 * * fri-mon', '0 9 * * 5,6,0,1'],
  ['0 9 * * Saturday-Sunday', '0 9 * * 6,0'],
  ['0 22-4 * * *', '0 22,23,0,1,2,3,4 * * *'],
  ['0 22-4/2 * * *', '0 22,0,2,4 * * *'],
  ['50-10/10 * * * *', '50,0,10 * * * *'],
  ['0 0 30-2 * *', '0 0 30,31,1,2 * *'],
  ['0 0 1 nov-feb *', '0 0 1 11,12,1,2 *'],
  ['58-1 0 0 * * *', '58,59,0,1 0 0 * * *'],
  ['0 9,22-1 * * mon', '0 9,22,23,0,1 * * mon'],
])('%s is read as %s', (expression, normalized) => {
  expect(normalizeCronExpression(expression)).toBe(normalized)
})

describe('what croner understands or rejects', () => {
  test.each(['0 9 * * 1-5', '0 9 * * 5-7', '*/5 * * * *', '0 0 L * *', '@daily', '61-5 * * * *', '0 9 * * 9-1', 'a b'])(
    '%s stays as it is',
    (expression) => {
      expect(normalizeCronExpression(expression)).toBe(expression)
    },
  )
})

test('a range that passes midnight is due on both sides of it, and nowhere else', () => {
  const schedule = new CronSchedule('0 22-1 * * *', 'UTC')
  const hours: number[] = []
  for (let at = Date.UTC(2030, 0, 1, 12), count = 0; count < 5; count += 1) {
    at = schedule.next(at) ?? Number.NaN
    hours.push(new Date(at).getUTCHours())
  }
  expect(hours).toEqual([22, 23, 0, 1, 22])
})
