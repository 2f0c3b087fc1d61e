import { yieldToEventLoop } from '../../../lib/async/yield-to-event-loop.ts'
import { normalizeSearchText } from '../../../search/analyzer.ts'
import { splitIntoPassages } from '../../../search/passages.ts'
import type { MessageRow } from '../../rows/message-row.ts'
import type { PostgresConnection, PostgresStatement } from '../database/postgres-statement.ts'
import { loadMessageRows, loadMessageText } from '../tables/load-message-text.ts'
import { toLexemes } from './search-lexemes.ts'

/** An entry of the index, without its number. */
export interface NewSearchEntry {
  readonly kind: 'message' | 'title'
  readonly session_id: string
  readonly message_id: string | null
  readonly is_given: number
  readonly is_passage: number
  /** The time of the message, or the start of the session, in epoch milliseconds. */
  readonly at: number
  readonly text: string
  readonly lexemes: string
}

interface TitleRow {
  readonly id: string
  readonly at: number
  readonly own: string | null
  readonly given: string | null
}

const selectTitles: PostgresStatement = {
  name: 'select-searchable-titles',
  text: `SELECT sessions.id, sessions.started_at AS at, sessions.title AS own, settings.title AS given FROM sessions
    LEFT JOIN conversation_settings AS settings ON settings.profile = $1 AND settings.session_id = sessions.id
    WHERE sessions.profile = $1 AND sessions.id = ANY($2::text[])`,
}

/** The titles of sessions: their own, and those that their conversations were given. */
export function loadTitles(db: PostgresConnection, sessionIds: readonly string[]): Promise<TitleRow[]> {
  return db.query<TitleRow>(selectTitles, [sessionIds])
}

/** The entries for the titles of these sessions, in their order. */
export async function createTitleEntries(
  db: PostgresConnection,
  sessionIds: readonly string[],
): Promise<NewSearchEntry[]> {
  const byId = new Map((await loadTitles(db, sessionIds)).map((titles) => [titles.id, titles]))
  const titles = sessionIds.map((id) => byId.get(id)).filter((row) => row !== undefined)
  return titles.flatMap(({ id: session_id, at, own, given }) =>
    [own, given].flatMap((title, is_given) => {
      const text = normalizeSearchText(title ?? '')
      if (text === '') return []
      const lexemes = toLexemes(db.profile, text)
      return [{ kind: 'title' as const, session_id, message_id: null, is_given, is_passage: 0, at, text, lexemes }]
    }),
  )
}

/** The entries for those of these messages that search finds, in their order: no copies, and nothing that the system said. */
export async function createMessageEntries(
  db: PostgresConnection,
  messageIds: readonly string[],
): Promise<NewSearchEntry[]> {
  const rows = await loadMessageRows(db, messageIds)
  const byId = new Map(rows.map((row) => [row.id, row]))
  const entries: NewSearchEntry[] = []
  for (const id of messageIds) {
    const row = byId.get(id)
    if (row && isSearchable(row)) entries.push(...(await createPassageEntries(db, row)))
  }
  return entries
}

async function createPassageEntries(db: PostgresConnection, row: MessageRow): Promise<NewSearchEntry[]> {
  const passages = splitIntoPassages(await loadMessageText(db, row))
  const owner = { kind: 'message' as const, session_id: row.session_id, message_id: row.id, is_given: 0 }
  const entries: NewSearchEntry[] = []
  for (const passage of passages) {
    const text = normalizeSearchText(passage)
    if (text === '') continue
    const is_passage = passages.length > 1 ? 1 : 0
    entries.push({ ...owner, is_passage, at: row.created_at, text, lexemes: toLexemes(db.profile, text) })
    await yieldToEventLoop()
  }
  return entries
}

/** A copy is found only if it stands in for a message that was deleted. */
function isSearchable({ role, copy_of, stands_in }: MessageRow & { readonly stands_in?: number }): boolean {
  return role !== 'SYSTEM' && (copy_of === null || stands_in === 1)
}
