import { saidParts } from '../messages/message-mapper.ts'
import { idList } from '../state/session-queries.ts'
import type { OpenFile } from '../state/state-database.ts'
import { millisOf, textOf } from '../state/cell-values.ts'
import type { FullText } from './fts-index.ts'
import { saidIn } from '../../model/message-text.ts'

/** A row of a state.db that may be a hit: a message, or a session by its title. */
export interface Candidate {
  /** Its rowid. */
  readonly row: number
  readonly sessionId: string
  /** In milliseconds. */
  readonly at: number
  readonly text: string
}

type Cells = Record<'session_id' | 'role' | 'content' | 'codex_message_items' | 'timestamp', unknown> & {
  readonly id: number
}

const columns = ['id', 'session_id', 'role', 'content', 'codex_message_items', 'timestamp'] as const

/** Rows of messages with a smaller id that people may see, the newest first. */
export function messagesBelow(
  file: OpenFile,
  { id, above, sessionId }: { readonly id: number; readonly above: number; readonly sessionId: string | null },
  limit: number,
): Candidate[] {
  if (!file.layout.hasMessages) return []
  const one = sessionId === null ? '' : 'AND messages.session_id = ?'
  return file.db
    .prepare<(number | string)[], Cells>(
      `SELECT ${file.layout.select('messages', columns)} FROM messages
       WHERE messages.id < ? AND messages.id > ? ${one} AND ${shown(file)} ORDER BY messages.id DESC LIMIT ?`,
    )
    .all(id, above, ...(sessionId === null ? [] : [sessionId]), limit)
    .flatMap(candidateOf)
}

/** The same of those that an index finds; `last` is the last one that it found, null when there are no more. */
export function messagesFound(
  file: OpenFile,
  { table, expression }: FullText,
  below: number,
  limit: number,
): { readonly rows: Candidate[]; readonly last: number | null } {
  const ids = file.db
    .prepare<[string, number, number], { id: number }>(
      `SELECT rowid AS id FROM ${table} WHERE ${table} MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?`,
    )
    .all(expression, below, limit)
    .map(({ id }) => id)
  const rows = file.db
    .prepare<[string], Cells>(
      `SELECT ${file.layout.select('messages', columns)} FROM messages
       WHERE messages.id IN (SELECT value FROM json_each(?)) AND ${shown(file)} ORDER BY messages.id DESC`,
    )
    .all(JSON.stringify(ids))
  return { rows: rows.flatMap(candidateOf), last: ids.at(-1) ?? null }
}

/** Sessions with a title, of a smaller rowid, the newest first. */
export function titlesBelow(
  file: OpenFile,
  { id, sessionIds }: { readonly id: number; readonly sessionIds: readonly string[] | null },
  limit: number,
): { readonly rows: Candidate[]; readonly last: number | null } {
  if (!file.layout.hasSessions) return { rows: [], last: null }
  const some = sessionIds === null ? '' : 'AND sessions.id IN (SELECT value FROM json_each(?))'
  const cells = file.db
    .prepare<(number | string)[], { row: number; id: unknown; title: unknown; started_at: unknown }>(
      `SELECT sessions.rowid AS row, ${file.layout.select('sessions', ['id', 'title', 'started_at'])} FROM sessions
       WHERE sessions.rowid < ? ${some} ORDER BY sessions.rowid DESC LIMIT ?`,
    )
    .all(id, ...(sessionIds === null ? [] : [idList(sessionIds)]), limit)
  const rows = cells.flatMap((row): Candidate[] => {
    const [sessionId, text] = [textOf(row.id), textOf(row.title)]
    if (sessionId === null || text === null) return []
    return [{ row: row.row, sessionId, at: millisOf(row.started_at) ?? 0, text }]
  })
  return { rows, last: cells.at(-1)?.row ?? null }
}

/** What a row of messages says; null when it is gone. */
export function saidInRow(file: OpenFile, id: number): string | null {
  const row = file.db
    .prepare<[number], Cells>(`SELECT ${file.layout.select('messages', columns)} FROM messages WHERE messages.id = ?`)
    .get(id)
  return row ? saidIn(saidParts(row)) : null
}

/** Rows that can be the content of a message of user or assistant. Whether they are, their whole session tells. */
function shown({ layout }: OpenFile): string {
  return `messages.role NOT IN ('tool', 'system', 'session_meta') AND ${layout.visible}`
}

function candidateOf(row: Cells): Candidate[] {
  const sessionId = textOf(row.session_id)
  if (sessionId === null) return []
  return [{ row: row.id, sessionId, at: millisOf(row.timestamp) ?? 0, text: saidIn(saidParts(row)) }]
}
