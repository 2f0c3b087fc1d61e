import { formatDateTime } from '../../../formats/format-time.ts'
import { strings } from '../../../strings/strings.ts'
import { durationUnits, parseSchedule } from './schedule-choice.ts'

/** A schedule in words where it is a common one, and as it is otherwise. */
export function describeSchedule(schedule: string): string {
  const { described, units, weekdays } = strings.jobs.schedule
  const { kind, time, weekday, dayOfMonth, count, unit } = parseSchedule(schedule)
  switch (kind) {
    case 'daily':
      return described.daily(time)
    case 'weekdays':
      return described.weekdays(time)
    case 'weekly':
      return described.weekly(weekdays[Number(weekday)] ?? weekday, time)
    case 'monthly':
      return described.monthly(dayOfMonth, time)
    case 'interval': {
      const name = durationUnits.find((each) => each === unit)
      return described.interval(count, name ? units[name] : unit)
    }
    case 'once':
      return described.once(formatDateTime(schedule))
    default:
      return schedule
  }
}
