const rfc3339Pattern = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** Whether a text is an attempt to write a date, valid or not. */
export function looksLikeDate(text: string): boolean {
  return /^\d{4}-\d/.test(text)
}

/** Parses an RFC 3339 time to epoch milliseconds; null for any other text, and for dates that do not exist. */
export function parseRfc3339(text: string): number | null {
  const [, date, time, fraction = '', offset] = rfc3339Pattern.exec(text) ?? []
  if (!date || !time || !offset) return null
  // Date.parse reads February 30 as March 2.
  const asUtc = Date.parse(`${date}T${time}Z`)
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString() !== `${date}T${time}.000Z`) return null
  const instant = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${offset.toUpperCase()}`)
  return Number.isNaN(instant) ? null : instant
}
