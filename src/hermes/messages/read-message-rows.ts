import { chunksOf } from '../../lib/chunk.ts'
import type { MessageRecord } from '../../model/records.ts'
import { messageOf, messageColumns } from './message-mapper.ts'
import type { MessageRow } from './message-mapper.ts'
import type { Entry, OutlineRow } from './message-outline.ts'
import { idList } from '../state/session-queries.ts'
import type { OpenFile } from '../state/state-database.ts'
import { storedCalls } from './parse-tool-calls.ts'
import { textOf } from '../state/cell-values.ts'

const chunk = 500 // ids a statement

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

interface StoredOutline extends Record<(typeof outlineColumns)[number], unknown> {
  readonly id: number
}

/** The visible rows of each of these sessions, by id. A session without any is left out. */
export function readOutlines({ db, layout }: OpenFile, sessionIds: readonly string[]): Map<string, OutlineRow[]> {
  if (!layout.hasMessages) return new Map()
  const rows = db
    .prepare<[string], StoredOutline>(
      `SELECT ${layout.select('messages', outlineColumns)} FROM messages
       WHERE messages.session_id IN (SELECT value FROM json_each(?)) AND ${layout.visible}
       ORDER BY messages.session_id, messages.id`,
    )
    .all(idList(sessionIds))
  const outlines = new Map<string, OutlineRow[]>()
  for (const row of rows) {
    const sessionId = textOf(row.session_id)
    if (sessionId === null) continue
    const outline = outlines.get(sessionId)
    if (outline) outline.push(outlineOf(row))
    else outlines.set(sessionId, [outlineOf(row)])
  }
  return outlines
}

/** For each of these rows a text that is equal for those that say the same for the same moment. */
export function readFingerprints({ db, layout }: OpenFile, ids: readonly number[]): Map<number, string> {
  const told = ['role', 'timestamp', 'content', 'tool_call_id', 'tool_calls', 'tool_name']
  const read = db.prepare<[string], { id: number }>(
    `SELECT ${layout.select('messages', ['id', ...told])} FROM messages
     WHERE messages.id IN (SELECT value FROM json_each(?))`,
  )
  const prints = new Map<number, string>()
  for (const some of chunksOf(ids, chunk)) {
    for (const { id, ...row } of read.all(JSON.stringify(some))) prints.set(id, JSON.stringify(row))
  }
  return prints
}

/** The messages of these entries of one session, in their order. */
export function readMessages({ db, layout }: OpenFile, sessionId: string, entries: readonly Entry[]): MessageRecord[] {
  if (entries.length === 0) return []
  const read = db.prepare<[string], MessageRow>(
    `SELECT ${layout.select('messages', messageColumns)} FROM messages
     WHERE messages.id IN (SELECT value FROM json_each(?))`,
  )
  const ids = entries.flatMap(({ row, results }) => [row, ...results.filter((id) => id !== null)])
  const rows = new Map<number, MessageRow>()
  for (const some of chunksOf(ids, chunk)) for (const row of read.all(JSON.stringify(some))) rows.set(row.id, row)
  return entries.flatMap((entry) => {
    const row = rows.get(entry.row)
    const results = entry.results.map((id) => (id === null ? null : (rows.get(id) ?? null)))
    return row ? messageOf(sessionId, entry, row, results) : []
  })
}

function outlineOf(row: StoredOutline): OutlineRow {
  const role = textOf(row.role)
  return {
    id: row.id,
    role,
    timestamp: row.timestamp,
    toolCallId: textOf(row.tool_call_id),
    callIds: role === 'assistant' ? storedCalls(row.tool_calls).map(({ id }) => id) : [],
    live: row.active === null || row.active === 1,
    hidden: row.display_kind === 'hidden',
    displayOrder: Number.isSafeInteger(row.display_order) ? Number(row.display_order) : null,
  }
}
