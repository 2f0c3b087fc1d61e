export const scheduleKinds = ['daily', 'weekdays', 'weekly', 'monthly', 'interval', 'once', 'delay', 'custom'] as const

export type ScheduleKind = (typeof scheduleKinds)[number]

export const durationUnits = ['m', 'h', 'd'] as const

/** A schedule as a form has it: the texts of its fields. Each kind uses some of them. */
export interface ScheduleChoice {
  readonly kind: ScheduleKind
  /** On a clock, such as `09:00`. */
  readonly time: string
  /** From 0, Sunday. */
  readonly weekday: string
  readonly dayOfMonth: string
  /** The number of units of an interval or a delay. */
  readonly count: string
  /** One of `durationUnits`. */
  readonly unit: string
  /** In the time zone of the person, as `datetime-local` has it: `2030-01-31T09:00`. */
  readonly onceAt: string
  /** In a form that the server takes. */
  readonly text: string
}

export const defaultScheduleChoice: ScheduleChoice = {
  kind: 'daily',
  time: '09:00',
  weekday: '1',
  dayOfMonth: '1',
  count: '30',
  unit: 'm',
  onceAt: '',
  text: '',
}

/** Whether a schedule of this kind depends on a time zone. */
export const hasTimeZone = (kind: ScheduleKind): boolean => !['interval', 'once', 'delay'].includes(kind)

/** The schedule as the server takes it. Empty while something is missing. */
export function toSchedule(choice: ScheduleChoice): string {
  const { kind, time, weekday, dayOfMonth, count, unit, onceAt, text } = choice
  const [hour, minute] = time.split(':').map(Number)
  const atTime = hour === undefined || minute === undefined ? null : `${minute} ${hour}`
  const duration = count.trim() === '' ? null : `${count.trim()}${unit}`
  const cron = (days: string): string => (atTime === null ? '' : `${atTime} ${days}`)
  switch (kind) {
    case 'daily':
      return cron('* * *')
    case 'weekdays':
      return cron('* * 1-5')
    case 'weekly':
      return cron(`* * ${weekday}`)
    case 'monthly':
      return dayOfMonth.trim() === '' ? '' : cron(`${dayOfMonth.trim()} * *`)
    case 'interval':
      return duration === null ? '' : `every ${duration}`
    case 'delay':
      return duration === null ? '' : `in ${duration}`
    case 'once':
      return toUtcTime(onceAt)
    case 'custom':
      return text.trim()
  }
}

/** A schedule of the server in the fields of a form: as text, if no other kind has it. */
export function parseSchedule(schedule: string): ScheduleChoice {
  return { ...defaultScheduleChoice, text: schedule, ...(parseCron(schedule) ?? parseOther(schedule)) }
}

function parseCron(schedule: string): Partial<ScheduleChoice> | null {
  const match = /^(\d{1,2}) (\d{1,2}) (\*|\d{1,2}) \* (\*|\d|1-5)$/.exec(schedule)
  const [, minute, hour, day, weekday] = match ?? []
  if (minute === undefined || hour === undefined || day === undefined || weekday === undefined) return null
  if (Number(minute) > 59 || Number(hour) > 23) return null
  const time = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`
  if (day !== '*') return weekday === '*' ? { kind: 'monthly', time, dayOfMonth: day } : null
  if (weekday === '*') return { kind: 'daily', time }
  return weekday === '1-5' ? { kind: 'weekdays', time } : { kind: 'weekly', time, weekday: String(Number(weekday) % 7) }
}

function parseOther(schedule: string): Partial<ScheduleChoice> {
  const [, keyword, count, unit] = /^(every|in) (\d+) ?([mhd])$/i.exec(schedule) ?? []
  if (keyword !== undefined && count !== undefined && unit !== undefined) {
    return { kind: keyword.toLowerCase() === 'every' ? 'interval' : 'delay', count, unit: unit.toLowerCase() }
  }
  const isTime = /^\d{4}-\d\d-\d\dT/.test(schedule) && !Number.isNaN(Date.parse(schedule))
  return isTime ? { kind: 'once', onceAt: toLocalTime(new Date(schedule)) } : { kind: 'custom' }
}

function toUtcTime(localTime: string): string {
  const time = new Date(localTime)
  return Number.isNaN(time.getTime()) ? '' : time.toISOString().replace('.000Z', 'Z')
}

/** As the field `datetime-local` has it, to the minute. */
function toLocalTime(time: Date): string {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 'yyyy-mm-ddThh:mm'.length)
}
