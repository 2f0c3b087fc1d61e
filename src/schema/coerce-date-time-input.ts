import { GraphQLError } from 'graphql'

/** RFC 3339, which many languages write with a space, in lower case, or with more digits than milliseconds. */
const dateTimePattern = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:(\.\d{1,3})\d*)?([Zz]|[+-]\d{2}:\d{2})$/

/** A time that a client sent, in epoch milliseconds. */
export function coerceDateTimeInput(value: unknown): number {
  const match = typeof value === 'string' ? dateTimePattern.exec(value) : null
  const [, date = '', time = '', fraction = '', offset = ''] = match ?? []
  const milliseconds = Date.parse(`${date}T${time}${fraction}${offset.toUpperCase()}`)
  if (!Number.isNaN(milliseconds)) return milliseconds
  throw new GraphQLError('DateTime must be a time in RFC 3339 format, such as "2026-01-31T09:30:00.000Z".')
}
