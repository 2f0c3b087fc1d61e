import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isJsonObject, parseJson } from '../../lib/text/json.ts'

const fileName = 'first-start.json'

/**
 * When Segue was first started in a home, in epoch milliseconds. The first call stores `now`: in a home that is older than
 * this file, that is the first start of a version that writes it. If the file cannot be read or written, it is `now`.
 */
export function loadFirstStartTime(home: string, now: number): number {
  const path = join(home, fileName)
  const stored = readStoredTime(path)
  if (stored !== null) return stored
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    // Renamed, so that a crash leaves the whole file or none.
    writeFileSync(`${path}.new`, `${JSON.stringify({ at: new Date(now).toISOString() })}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  } catch {
    // What came in before the next start counts as read then.
  }
  return now
}

function readStoredTime(path: string): number | null {
  try {
    const stored = parseJson(readFileSync(path, 'utf8'))
    const time = isJsonObject(stored) && typeof stored['at'] === 'string' ? Date.parse(stored['at']) : Number.NaN
    return Number.isNaN(time) ? null : time
  } catch {
    return null
  }
}
