import { hermesRowToParts } from '../messages/message-mapper.ts'
import type { HermesContentSection } from '../messages/message-outline-row.ts'
import { toJsonIdList } from '../state/session-queries.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'
import { millisecondsFromHermesCell, textFromHermesCell } from '../state/cell-values.ts'
import type { HermesFullTextIndex } from './fts-index.ts'
import { toMessageText } from '../../model/message-content/message-text.ts'

/** A row that may match a query: a message, or a session by its title. */
export interface HermesSearchCandidate {
  readonly rowid: number
  readonly sessionId: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly text: string
}

type CandidateRow = Record<'session_id' | 'role' | 'content' | 'codex_message_items' | 'timestamp', unknown> & {
  readonly id: number
}

const candidateColumns = ['id', 'session_id', 'role', 'content', 'codex_message_items', 'timestamp'] as const

/** Visible rows of messages with ids between `above` and `id`, newest first; of one session or of all. */
export function scanHermesMessageSearchCandidates(
  file: StateDatabaseConnection,
  { id, above, sessionId }: { readonly id: number; readonly above: number; readonly sessionId: string | null },
  limit: number,
): HermesSearchCandidate[] {
  if (!file.schema.hasMessages) return []
  const sessionCondition = sessionId === null ? '' : 'AND messages.session_id = ?'
  return file.db
    .prepare<(number | string)[], CandidateRow>(
      `SELECT ${file.schema.selectColumns('messages', candidateColumns)} FROM messages
       WHERE messages.id < ? AND messages.id > ? ${sessionCondition} AND ${buildContentCondition(file)} ORDER BY messages.id DESC LIMIT ?`,
    )
    .all(id, above, ...(sessionId === null ? [] : [sessionId]), limit)
    .flatMap(toCandidates)
}

/** The same among the rows that an index finds. `last`: the id that the next call continues below; null at the end. */
export function queryHermesFullTextIndex(
  file: StateDatabaseConnection,
  { table, expression }: HermesFullTextIndex,
  belowId: number,
  limit: number,
): { readonly rows: HermesSearchCandidate[]; readonly last: number | null } {
  const ids = file.db
    .prepare<[string, number, number], { id: number }>(
      `SELECT rowid AS id FROM ${table} WHERE ${table} MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?`,
    )
    .all(expression, belowId, limit)
    .map(({ id }) => id)
  const rows = file.db
    .prepare<[string], CandidateRow>(
      `SELECT ${file.schema.selectColumns('messages', candidateColumns)} FROM messages
       WHERE messages.id IN (SELECT value FROM json_each(?)) AND ${buildContentCondition(file)} ORDER BY messages.id DESC`,
    )
    .all(JSON.stringify(ids))
  return { rows: rows.flatMap(toCandidates), last: ids.at(-1) ?? null }
}

/** These sessions, each with the title that its conversation was given in Segue. Those that do not exist are left out. */
export function findGivenTitleSearchCandidates(
  file: StateDatabaseConnection,
  titles: readonly (readonly [string, string])[],
): HermesSearchCandidate[] {
  const titleBySession = new Map(titles)
  const ids = [...titleBySession.keys()]
  return scanHermesSessionRows(file, { id: Number.MAX_SAFE_INTEGER, sessionIds: ids }, ids.length).flatMap((row) => {
    const text = titleBySession.get(textFromHermesCell(row.id) ?? '')
    return toTitleCandidates({ ...row, title: text })
  })
}

/** Sessions with a title and a rowid below `id`, newest first. `last` as above. */
export function scanHermesTitleSearchCandidates(
  file: StateDatabaseConnection,
  { id, sessionIds }: { readonly id: number; readonly sessionIds: readonly string[] | null },
  limit: number,
): { readonly rows: HermesSearchCandidate[]; readonly last: number | null } {
  const sessionRows = scanHermesSessionRows(file, { id, sessionIds }, limit)
  return { rows: sessionRows.flatMap(toTitleCandidates), last: sessionRows.at(-1)?.row ?? null }
}

/** The text of a section of a row of messages; null if it was deleted. */
export function readHermesMessageText(
  file: StateDatabaseConnection,
  id: number,
  section: HermesContentSection,
): string | null {
  const row = file.db
    .prepare<[number], CandidateRow>(
      `SELECT ${file.schema.selectColumns('messages', candidateColumns)} FROM messages WHERE messages.id = ?`,
    )
    .get(id)
  return row ? toMessageText(hermesRowToParts(row, section)) : null
}

interface SessionTitleRow {
  readonly row: number
  readonly id: unknown
  readonly title: unknown
  readonly started_at: unknown
}

function scanHermesSessionRows(
  file: StateDatabaseConnection,
  { id, sessionIds }: { readonly id: number; readonly sessionIds: readonly string[] | null },
  limit: number,
): SessionTitleRow[] {
  if (!file.schema.hasSessions) return []
  const sessionCondition = sessionIds === null ? '' : 'AND sessions.id IN (SELECT value FROM json_each(?))'
  return file.db
    .prepare<(number | string)[], SessionTitleRow>(
      `SELECT sessions.rowid AS row, ${file.schema.selectColumns('sessions', ['id', 'title', 'started_at'])}
       FROM ${file.schema.numberedSessionsSql}
       WHERE sessions.rowid < ? ${sessionCondition} ORDER BY sessions.rowid DESC LIMIT ?`,
    )
    .all(id, ...(sessionIds === null ? [] : [toJsonIdList(sessionIds)]), limit)
}

function toTitleCandidates(row: SessionTitleRow): HermesSearchCandidate[] {
  const [sessionId, text] = [textFromHermesCell(row.id), textFromHermesCell(row.title)]
  if (sessionId === null || text === null) return []
  return [{ rowid: row.row, sessionId, at: millisecondsFromHermesCell(row.started_at) ?? 0, text }]
}

/** Rows that can be a message of the user or the assistant. Only all rows of the session tell whether they are shown. */
function buildContentCondition({ schema }: StateDatabaseConnection): string {
  return `coalesce(messages.role, '') NOT IN ('tool', 'system', 'session_meta') AND ${schema.visibleCondition}`
}

function toCandidates(row: CandidateRow): HermesSearchCandidate[] {
  const sessionId = textFromHermesCell(row.session_id)
  if (sessionId === null) return []
  return [
    {
      rowid: row.id,
      sessionId,
      at: millisecondsFromHermesCell(row.timestamp) ?? 0,
      text: toMessageText(hermesRowToParts(row, 'whole')),
    },
  ]
}
