import { hash } from 'node:crypto'
import { chunkArray } from '../../lib/chunk-array.ts'
import { textFromHermesCell } from '../state/cell-values.ts'
import { toJsonIdList } from '../state/session-queries.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'
import {
  classifiedContentBytes,
  classifiedFirstCharacters,
  classifyHermesContent,
  type HermesTextKind,
  splitComparableHermesText,
  toComparableHermesText,
} from './compaction-text.ts'
import { decodeHermesMessageContent } from './message-content.ts'
import type {
  HermesComparableTexts,
  HermesMessageOutlineRow,
  HermesRowComparisonLoader,
  HermesRowState,
} from './message-outline-row.ts'
import { parseHermesToolCalls } from './parse-hermes-tool-calls.ts'

const idsPerQuery = 500
const maxComparedLength = 1000 // UTF-16 code units

const outlineColumns = [
  'id',
  'session_id',
  'role',
  'timestamp',
  'tool_call_id',
  'tool_calls',
  'active',
  'compacted',
  'platform_message_id',
  '_compressed_summary',
  'display_kind',
  'display_order',
] as const

interface RawOutlineRow extends Record<(typeof outlineColumns)[number] | 'content_start', unknown> {
  readonly id: number
}

/** The rows of each session, ordered by rowid. Sessions without any are left out. */
export function readHermesMessageOutlines(
  file: StateDatabaseConnection,
  sessionIds: readonly string[],
): Map<string, HermesMessageOutlineRow[]> {
  const { db, schema } = file
  if (!schema.hasMessages) return new Map()
  const rows = db
    .prepare<[string], RawOutlineRow>(
      `SELECT ${schema.selectColumns('messages', outlineColumns)}, ${schema.buildContentStartSql(classifiedContentBytes, classifiedFirstCharacters)} AS content_start
       FROM messages WHERE messages.session_id IN (SELECT value FROM json_each(?))
       ORDER BY messages.session_id, messages.id`,
    )
    .all(toJsonIdList(sessionIds))
  const textKinds = classifyRows(file, rows)
  const outlines = new Map<string, HermesMessageOutlineRow[]>()
  for (const row of rows) {
    const sessionId = textFromHermesCell(row.session_id)
    // A row cannot be read again by an id that is no whole number, or a rounded one.
    if (sessionId === null || !Number.isSafeInteger(row.id)) continue
    const outlineRow = toOutlineRow(row, textKinds.get(row.id) ?? null)
    const outline = outlines.get(sessionId)
    if (outline) outline.push(outlineRow)
    else outlines.set(sessionId, [outlineRow])
  }
  return outlines
}

/** Reads what is compared of the rows of a session. Call it in the transaction of `readHermesMessageOutlines`. */
export function createHermesRowComparisonLoader(file: StateDatabaseConnection): HermesRowComparisonLoader {
  return {
    loadFingerprints: (ids) => readFingerprints(file, ids),
    loadTexts: (ids) => readComparableTexts(file, ids),
  }
}

function readFingerprints({ db, schema }: StateDatabaseConnection, ids: readonly number[]): Map<number, string> {
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

function readComparableTexts(
  { db, schema }: StateDatabaseConnection,
  ids: readonly number[],
): Map<number, HermesComparableTexts> {
  const read = db.prepare<[string], { id: number; content: unknown; api_content: unknown }>(
    `SELECT ${schema.selectColumns('messages', ['id', 'content', 'api_content'])} FROM messages
     WHERE messages.id IN (SELECT value FROM json_each(?))`,
  )
  const texts = new Map<number, HermesComparableTexts>()
  for (const batch of chunkArray(ids, idsPerQuery)) {
    for (const { id, content, api_content: sent } of read.all(JSON.stringify(batch))) {
      texts.set(id, toComparableTexts(content, sent))
    }
  }
  return texts
}

function toComparableTexts(content: unknown, sent: unknown): HermesComparableTexts {
  const text = toComparableHermesText(decodeHermesMessageContent(content))
  const merged = splitComparableHermesText(text)
  if (merged) {
    return { text: abbreviate(merged.ownText), sentText: null, mergedSummary: abbreviate(merged.summary) }
  }
  const sentContent = decodeHermesMessageContent(sent)
  return {
    text: abbreviate(text),
    sentText: sentContent === null ? null : abbreviate(toComparableHermesText(sentContent)),
    mergedSummary: null,
  }
}

/** A whole session of long texts would take too much memory. */
function abbreviate(text: string): string {
  return text.length <= maxComparedLength ? text : `${text.length} ${hash('sha1', text, 'base64')}`
}

/** What Hermes wrote, by rowid. */
function classifyRows(file: StateDatabaseConnection, rows: readonly RawOutlineRow[]): Map<number, HermesTextKind> {
  const kinds = new Map<number, HermesTextKind>()
  for (const row of rows) {
    const start = Buffer.isBuffer(row.content_start) ? row.content_start.toString('utf8') : ''
    const kind = classifyHermesContent(textFromHermesCell(row.role), start)
    const isMarked = row['_compressed_summary'] === 1
    if (kind !== null || isMarked) kinds.set(row.id, kind ?? 'summary')
  }
  const mergedIds = [...kinds].filter(([, kind]) => kind === 'mergedSummary').map(([id]) => id)
  if (mergedIds.length === 0) return kinds
  const texts = readComparableTexts(file, mergedIds)
  for (const id of mergedIds) if (!texts.get(id)?.mergedSummary) kinds.delete(id)
  return kinds
}

function toOutlineRow(row: RawOutlineRow, textKind: HermesTextKind | null): HermesMessageOutlineRow {
  const role = textFromHermesCell(row.role)
  return {
    id: row.id,
    role,
    timestamp: row.timestamp,
    toolCallId: textFromHermesCell(row.tool_call_id),
    callIds: role === 'assistant' ? parseHermesToolCalls(row.tool_calls).map(({ resultIds }) => resultIds) : [],
    state: toState(row),
    platformMessageId: textFromHermesCell(row.platform_message_id),
    isHidden: row.display_kind === 'hidden',
    textKind,
    displayOrder: Number.isSafeInteger(row.display_order) ? Number(row.display_order) : null,
  }
}

function toState({ active, compacted }: RawOutlineRow): HermesRowState {
  if (active === null || active === 1) return 'active'
  return compacted === 1 ? 'archived' : 'undone'
}
