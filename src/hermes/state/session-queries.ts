import { parseJson } from '../../lib/text/json.ts'
import type { SessionRecord, TitleSource } from '../../model/session.ts'
import { addTokenCounts, normalizeStoredUsage, type Usage } from '../../model/usage.ts'
import type { StateDatabaseConnection } from './state-database.ts'
import {
  countFromHermesCell,
  booleanFromHermesCell,
  millisecondsFromHermesCell,
  textFromHermesCell,
} from './cell-values.ts'

const sessionColumns = [
  'id',
  'title',
  'title_source',
  'source',
  'model',
  'model_config',
  'started_at',
  'ended_at',
  'end_reason',
  'pinned',
  'archived',
  'parent_session_id',
  'input_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
] as const

/** The id, everything that a list shows or is ordered by, and the counters that change when messages are undone. */
const digestColumns = [
  'id',
  'parent_session_id',
  'model',
  'end_reason',
  'ended_at',
  'started_at',
  'source',
  'model_config',
  'title',
  'title_source',
  'pinned',
  'archived',
  'message_count',
  'rewind_count',
  'input_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cache_read_tokens',
]

type HermesSessionRow = Record<(typeof sessionColumns)[number] | 'newest' | 'has_message', unknown>

export interface IndexableHermesSession {
  readonly record: SessionRecord
  readonly hasMessages: boolean
}

/** The sessions with these ids, in no particular order. At most 500 ids. */
export function readHermesSessions(
  file: StateDatabaseConnection,
  ids: readonly string[],
  profile: string,
): SessionRecord[] {
  return querySessionRows(file, ids, 'NULL').flatMap((row) => toSessionRecord(row, profile) ?? [])
}

/** The same, with what the conversation index needs besides. */
export function readIndexableHermesSessions(
  file: StateDatabaseConnection,
  ids: readonly string[],
  profile: string,
): IndexableHermesSession[] {
  return querySessionRows(file, ids, file.schema.hasMessageSql).flatMap((row) => {
    const record = toSessionRecord(row, profile)
    return record ? { record, hasMessages: row.has_message === 1 } : []
  })
}

function querySessionRows(
  { db, schema }: StateDatabaseConnection,
  ids: readonly string[],
  hasMessageSql: string,
): HermesSessionRow[] {
  if (!schema.hasSessions) return []
  return db
    .prepare<[string], HermesSessionRow>(
      `SELECT ${schema.selectColumns('sessions', sessionColumns)}, ${schema.newestMessageTimeSql} AS newest, ${hasMessageSql} AS has_message
       FROM sessions WHERE sessions.id IN (SELECT value FROM json_each(?))`,
    )
    .all(toJsonIdList(ids))
}

/** The rowid and the digest columns of up to `limit` sessions after a rowid, one array per row. */
export function readHermesDigestInputs(
  { db, schema }: StateDatabaseConnection,
  afterRowid: number,
  limit: number,
): unknown[][] {
  if (!schema.hasSessions) return []
  return db
    .prepare<[number, number], unknown[]>(
      `SELECT sessions.rowid, ${schema.selectColumns('sessions', digestColumns)} FROM sessions
       WHERE sessions.rowid > ? ORDER BY sessions.rowid LIMIT ?`,
    )
    .raw(true)
    .all(afterRowid, limit)
}

/** The ids that exist. At most 500 ids. */
export function filterHermesSessionIds({ db, schema }: StateDatabaseConnection, ids: readonly string[]): string[] {
  if (!schema.hasSessions) return []
  const sql = 'SELECT sessions.id FROM sessions WHERE sessions.id IN (SELECT value FROM json_each(?))'
  return db
    .prepare<[string], { id: unknown }>(sql)
    .all(toJsonIdList(ids))
    .flatMap(({ id }) => textFromHermesCell(id) ?? [])
}

/** Ids as a parameter for json_each. It cuts a string at the first NUL and would find another session, so those are left out. */
export function toJsonIdList(ids: readonly string[]): string {
  return JSON.stringify(ids.filter((id) => id.isWellFormed() && !id.includes('\0')))
}

/** The time of the newest message, else of the start; in milliseconds, from seconds. */
function toLastActivity(newestMessageSeconds: unknown, startedAtSeconds: unknown): number {
  return millisecondsFromHermesCell(newestMessageSeconds) ?? millisecondsFromHermesCell(startedAtSeconds) ?? 0
}

function toSessionRecord(row: HermesSessionRow, profile: string): SessionRecord | null {
  const id = textFromHermesCell(row.id)
  if (id === null) return null
  return {
    id,
    origin: 'HERMES',
    profile,
    title: textFromHermesCell(row.title),
    titleSource: titleSources.get(row.title_source) ?? null,
    source: textFromHermesCell(row.source) || 'unknown',
    model: textFromHermesCell(row.model),
    startedAt: millisecondsFromHermesCell(row.started_at) ?? millisecondsFromHermesCell(row.newest) ?? 0,
    endedAt: millisecondsFromHermesCell(row.ended_at),
    endReason: textFromHermesCell(row.end_reason),
    lastActivityAt: toLastActivity(row.newest, row.started_at),
    pinned: booleanFromHermesCell(row.pinned),
    archived: booleanFromHermesCell(row.archived),
    parentId: textFromHermesCell(row.parent_session_id),
    ...parseMarkers(row.model_config),
    forkedFrom: null,
    headSeq: 0,
    usage: toUsage(row),
  }
}

/** Hermes counts the input tokens that its provider read from, or wrote to, a cache beside the other ones. */
function toUsage(row: HermesSessionRow): Usage {
  const inputCells = [row.input_tokens, row.cache_read_tokens, row.cache_write_tokens]
  const cells = [...inputCells, row.output_tokens, row.reasoning_tokens]
  return normalizeStoredUsage({
    estimated: cells.some((cell) => (cell ?? 0) !== countFromHermesCell(cell)),
    inputTokens: addTokenCounts(...inputCells.map((cell) => countFromHermesCell(cell))),
    outputTokens: countFromHermesCell(row.output_tokens),
    reasoningTokens: countFromHermesCell(row.reasoning_tokens),
    cachedInputTokens: countFromHermesCell(row.cache_read_tokens),
  })
}

const titleSources = new Map<unknown, TitleSource>([
  ['user', 'PERSON'],
  ['llm', 'MODEL'],
  ['derived', 'MESSAGE'],
])

const delegateMarkerKey = '_delegate_from'
const parentMarkerKeys = new Set(['_branched_from', delegateMarkerKey, '_reset_from'])

function parseMarkers(modelConfig: unknown): Pick<SessionRecord, 'notContinuationOf' | 'isSubagent'> {
  const entries = readMarkerEntries(modelConfig)
  const isDelegate = entries.some(([marker]) => marker === delegateMarkerKey)
  return { notContinuationOf: entries.map(([, parentId]) => parentId), ...(isDelegate && { isSubagent: true }) }
}

/** The markers in a `model_config`, each with the parent's id. */
function readMarkerEntries(modelConfig: unknown): [marker: string, parentId: string][] {
  const config = typeof modelConfig === 'string' ? parseJson(modelConfig) : undefined
  if (typeof config !== 'object' || config === null) return []
  return Object.entries(config).flatMap(([marker, value]): [string, string][] => {
    const parentId = parentMarkerKeys.has(marker) ? textFromHermesCell(value) : null
    return parentId === null ? [] : [[marker, parentId]]
  })
}
