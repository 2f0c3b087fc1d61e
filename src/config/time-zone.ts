/** Those that were asked for before: finding one out takes a good part of a millisecond. */
const known = new Set<string>()

/** Whether a name is that of a time zone in the IANA database, as in Europe/Stockholm or UTC; +02:00 is none. */
export function isTimeZone(name: string): boolean {
  if (known.has(name)) return true
  if (!/^[a-z]/i.test(name)) return false
  try {
    Intl.DateTimeFormat('en', { timeZone: name })
  } catch {
    return false
  }
  known.add(name)
  return true
}

/** The zone of this machine's clock, from the environment; UTC where that names none. */
export function serverTimeZone(): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return isTimeZone(zone) ? zone : 'UTC'
}
