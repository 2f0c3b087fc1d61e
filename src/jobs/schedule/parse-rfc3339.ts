const rfc3339Pattern = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** Whether a text is meant to be a date, well-formed or not. */
export function looksLikeDate(text: string): boolean {
  return /^\d{4}-\d/.test(text)
}

/** The time that a text in the form of RFC 3339 tells, in epoch milliseconds; null for any other, and for days that no calendar has. */
export function parseRfc3339(text: string): number | null {
  const [, date, time, fraction = '', offset] = rfc3339Pattern.exec(text) ?? []
  if (!date || !time || !offset) return null
  // Date.parse takes the 30th of February for the 2nd of March.
  const asUtc = Date.parse(`${date}T${time}Z`)
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString() !== `${date}T${time}.000Z`) return null
  const instant = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${offset.toUpperCase()}`)
  return Number.isNaN(instant) ? null : instant
}
