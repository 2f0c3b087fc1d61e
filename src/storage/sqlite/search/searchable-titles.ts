import type { SqlConnection } from '../database/statement-cache.ts'

/** A title that finds a session. */
interface SearchableTitle {
  readonly title: string
  /** The start of the session, in epoch milliseconds. */
  readonly at: number
  /** Whether a person gave it to the conversation, rather than being the session's own. It finds only the tip. */
  readonly isGiven: boolean
}

/** The titles of a session: its own, then the one that its conversation was given. */
export function findSearchableTitles(db: SqlConnection, sessionId: string): SearchableTitle[] {
  const row = db
    .prepare<[string], { own: string | null; given: string | null; at: number }>(
      `SELECT sessions.title AS own, settings.title AS given, sessions.started_at AS at FROM sessions
       LEFT JOIN conversation_settings AS settings ON settings.session_id = sessions.id WHERE sessions.id = ?`,
    )
    .get(sessionId)
  if (!row) return []
  const { own, given, at } = row
  return [
    ...(own === null ? [] : [{ title: own, at, isGiven: false }]),
    ...(given === null ? [] : [{ title: given, at, isGiven: true }]),
  ]
}

/** The title that an entry of the index is for; null if it was deleted in the meantime. */
export function findTitleOfEntry(db: SqlConnection, sessionId: string, entryNumber: number): string | null {
  const entry = db
    .prepare<[number], { is_given: 0 | 1 }>('SELECT is_given FROM title_entries WHERE number = ?')
    .get(entryNumber)
  const titles = findSearchableTitles(db, sessionId)
  return titles.find(({ isGiven }) => isGiven === (entry?.is_given === 1))?.title ?? null
}

/** The entry for the title that the conversation of a session was given, if this session is the tip; else null. */
export function findGivenTitleEntryOfTip(db: SqlConnection, sessionId: string): number | null {
  const entry = db
    .prepare<[string], { number: number }>(
      `SELECT entry.number FROM title_entries AS entry WHERE entry.id = ? AND ${isShownTitleEntry} AND entry.is_given = 1`,
    )
    .get(sessionId)
  return entry?.number ?? null
}

/** SQL: whether a row `entry` of title_entries finds anything. All sessions carry a given title, and only the tip is found. */
export const isShownTitleEntry = `(entry.is_given = 0 OR entry.id = (
  SELECT conversations.tip_id FROM conversation_sessions AS placed
  JOIN conversations ON conversations.root_id = placed.root_id WHERE placed.id = entry.id))`
