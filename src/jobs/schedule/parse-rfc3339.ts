const form = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** Whether a text is meant to be a date, well-formed or not. */
export function isDateLike(text: string): boolean {
  return /^\d{4}-\d/.test(text)
}

/** The time that a text in the form of RFC 3339 tells, in epoch milliseconds; null for any other, and for days that no calendar has. */
export function instantOf(text: string): number | null {
  const [, date, time, fraction = '', offset] = form.exec(text) ?? []
  if (!date || !time || !offset) return null
  // Date.parse takes the 30th of February for the 2nd of March.
  const wall = Date.parse(`${date}T${time}Z`)
  if (Number.isNaN(wall) || new Date(wall).toISOString() !== `${date}T${time}.000Z`) return null
  const instant = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${offset.toUpperCase()}`)
  return Number.isNaN(instant) ? null : instant
}
