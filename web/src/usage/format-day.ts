const format = new Intl.DateTimeFormat('en', { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' })
const formatWithYear = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' })

/** A day of the server (`2026-01-31`, UTC) for people. */
export const formatDay = (day: string): string => format.format(new Date(day))

export const formatDayWithYear = (day: string): string => formatWithYear.format(new Date(day))
