/** The names of a field, in the order of their numbers, and its least and greatest number. */
interface CronField {
  readonly min: number
  readonly max: number
  readonly names: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
/** Minute, hour, day of the month, month, weekday. An expression with six fields begins with the second. */
const fields: readonly CronField[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: months },
  { min: 0, max: 6, names: weekdays },
]
const secondField: CronField = { min: 0, max: 59, names: [] }

const fullNames =
  /\b(?:sunday|monday|tues(?:day)?|wednesday|thurs?(?:day)?|friday|saturday|january|february|march|april|june|july|august|sept(?:ember)?|october|november|december)\b/gi
const rangePattern = /^(?<from>\w+)-(?<to>\w+)(?:\/(?<step>\d+))?$/

/**
 * Rewrites what people write in crontab lines and croner rejects: the full names of days and months, and ranges that pass
 * the end of their field, such as `fri-mon` and `22-4`. Everything else stays as it is, valid or not.
 */
export function normalizeCronExpression(expression: string): string {
  const parts = expression.replaceAll(fullNames, (name) => name.slice(0, 3)).split(/\s+/)
  const partFields = parts.length === fields.length + 1 ? [secondField, ...fields] : fields
  if (parts.length !== partFields.length) return parts.join(' ')
  return parts.map((part, index) => expandWrappingRanges(part, partFields[index])).join(' ')
}

function expandWrappingRanges(part: string, field: CronField | undefined): string {
  if (!field) return part
  return part
    .split(',')
    .map((item) => expandIfWrapping(item, field))
    .join(',')
}

function expandIfWrapping(item: string, field: CronField): string {
  const { from = '', to = '', step = '1' } = rangePattern.exec(item)?.groups ?? {}
  const [first, last, increment] = [toNumber(from, field), toNumber(to, field), Number(step)]
  if (first === null || last === null || first <= last || increment === 0) return item
  const size = field.max - field.min + 1
  const values: number[] = []
  for (let value = first; value <= last + size; value += increment)
    values.push(((value - field.min) % size) + field.min)
  return values.join(',')
}

/** Null if the text is no number of the field, so that croner reports it. */
function toNumber(text: string, { min, max, names }: CronField): number | null {
  const index = names.indexOf(text.toLowerCase())
  if (index >= 0) return index + min
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return value >= min && value <= max ? value : null
}
