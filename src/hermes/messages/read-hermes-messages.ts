import { chunkArray } from '../../lib/chunk-array.ts'
import type { MessageRecord } from '../../model/message.ts'
import { messageFromHermesRows, hermesMessageColumns, type HermesMessageRow } from './message-mapper.ts'
import type { HermesMessageRowIds, HermesMessageOutlineRow } from './message-outline.ts'
import { toJsonIdList } from '../state/session-queries.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'
import { parseHermesToolCalls } from './parse-hermes-tool-calls.ts'
import { textFromHermesCell } from '../state/cell-values.ts'

const idsPerQuery = 500

const outlineColumns = [
  'id',
  'session_id',
  'role',
  'timestamp',
  'tool_call_id',
  'tool_calls',
  'active',
  'display_kind',
  'display_order',
] as const

interface RawOutlineRow extends Record<(typeof outlineColumns)[number], unknown> {
  readonly id: number
}

/** The visible rows of each session, ordered by rowid. Sessions without any are left out. */
export function readHermesMessageOutlines(
  { db, schema }: StateDatabaseConnection,
  sessionIds: readonly string[],
): Map<string, HermesMessageOutlineRow[]> {
  if (!schema.hasMessages) return new Map()
  const rows = db
    .prepare<[string], RawOutlineRow>(
      `SELECT ${schema.selectColumns('messages', outlineColumns)} FROM messages
       WHERE messages.session_id IN (SELECT value FROM json_each(?)) AND ${schema.visibleCondition}
       ORDER BY messages.session_id, messages.id`,
    )
    .all(toJsonIdList(sessionIds))
  const outlines = new Map<string, HermesMessageOutlineRow[]>()
  for (const row of rows) {
    const sessionId = textFromHermesCell(row.session_id)
    if (sessionId === null) continue
    const outline = outlines.get(sessionId)
    if (outline) outline.push(toOutlineRow(row))
    else outlines.set(sessionId, [toOutlineRow(row)])
  }
  return outlines
}

/** A fingerprint of each row: equal for rows with the same time and contents. */
export function readHermesMessageFingerprints(
  { db, schema }: StateDatabaseConnection,
  ids: readonly number[],
): Map<number, string> {
  const comparedColumns = ['role', 'timestamp', 'content', 'tool_call_id', 'tool_calls', 'tool_name']
  const read = db.prepare<[string], { id: number }>(
    `SELECT ${schema.selectColumns('messages', ['id', ...comparedColumns])} FROM messages
     WHERE messages.id IN (SELECT value FROM json_each(?))`,
  )
  const fingerprints = new Map<number, string>()
  for (const batch of chunkArray(ids, idsPerQuery)) {
    for (const { id, ...row } of read.all(JSON.stringify(batch))) fingerprints.set(id, JSON.stringify(row))
  }
  return fingerprints
}

/** The messages of these entries, by session id, in the order of the map. */
export function readHermesMessages(
  { db, schema }: StateDatabaseConnection,
  entriesBySession: ReadonlyMap<string, readonly HermesMessageRowIds[]>,
): MessageRecord[] {
  const entries = [...entriesBySession.values()].flat()
  const resultIds = entries.flatMap(({ resultRowIds }) => resultRowIds.filter((id) => id !== null))
  const ids = [...entries.map(({ contentRowId }) => contentRowId), ...resultIds]
  if (ids.length === 0) return []
  const read = db.prepare<[string], HermesMessageRow>(
    `SELECT ${schema.selectColumns('messages', hermesMessageColumns)} FROM messages
     WHERE messages.id IN (SELECT value FROM json_each(?))`,
  )
  const rows = new Map<number, HermesMessageRow>()
  for (const batch of chunkArray(ids, idsPerQuery))
    for (const row of read.all(JSON.stringify(batch))) rows.set(row.id, row)
  const toMessages = (sessionId: string, entry: HermesMessageRowIds): MessageRecord[] => {
    const row = rows.get(entry.contentRowId)
    const results = entry.resultRowIds.map((id) => (id === null ? null : (rows.get(id) ?? null)))
    return row ? [messageFromHermesRows(sessionId, entry, row, results)] : []
  }
  return [...entriesBySession].flatMap(([sessionId, sessionEntries]) =>
    sessionEntries.flatMap((entry) => toMessages(sessionId, entry)),
  )
}

function toOutlineRow(row: RawOutlineRow): HermesMessageOutlineRow {
  const role = textFromHermesCell(row.role)
  return {
    id: row.id,
    role,
    timestamp: row.timestamp,
    toolCallId: textFromHermesCell(row.tool_call_id),
    callIds: role === 'assistant' ? parseHermesToolCalls(row.tool_calls).map(({ id }) => id) : [],
    isActive: row.active === null || row.active === 1,
    isHidden: row.display_kind === 'hidden',
    displayOrder: Number.isSafeInteger(row.display_order) ? Number(row.display_order) : null,
  }
}
