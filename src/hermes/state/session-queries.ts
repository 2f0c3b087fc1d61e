import type { SessionRecord, TitleSource } from '../../model/session.ts'
import { type IndexedSession, toIndexedSession } from '../../storage/sqlite/conversation-index/indexed-session.ts'
import type { OpenStateDatabase } from './state-database.ts'
import { toCount, toBoolean, secondsToMillis, toText } from './cell-values.ts'

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
] as const

/** Its id, then all that is shown of it, or moves it in a list; and counters that tell of messages taken back. */
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

/** A session, and what the index of conversations is to know of it. */
export interface SessionWithIndexRow {
  readonly record: SessionRecord
  readonly indexRow: IndexedSession
}

/** The sessions with these ids, in no order. At most 500 ids a call. */
export function readSessions(file: OpenStateDatabase, ids: readonly string[], profile: string): SessionRecord[] {
  return querySessionRows(file, ids, 'NULL').flatMap((row) => toSessionRecord(row, profile) ?? [])
}

/** The same with what the index of conversations is to know of them. `note` stands in the statement. */
export function readSessionsWithIndexRows(
  file: OpenStateDatabase,
  ids: readonly string[],
  profile: string,
  comment = '',
): SessionWithIndexRow[] {
  return querySessionRows(file, ids, file.schema.hasMessageSql, comment).flatMap((row) => {
    const record = toSessionRecord(row, profile)
    return record ? { record, indexRow: toIndexedSession(record, row.has_message === 1) } : []
  })
}

function querySessionRows(
  { db, schema }: OpenStateDatabase,
  ids: readonly string[],
  hasMessageSql: string,
  comment = '',
): HermesSessionRow[] {
  if (!schema.hasSessions) return []
  return db
    .prepare<[string], HermesSessionRow>(
      `SELECT ${schema.selectColumns('sessions', sessionColumns)}, ${schema.newestMessageTimeSql} AS newest, ${hasMessageSql} AS has_message
       FROM sessions ${comment}WHERE sessions.id IN (SELECT value FROM json_each(?))`,
    )
    .all(toJsonIdList(ids))
}

/** What of a row of sessions tells whether it has to be looked at again, a list for each row, its rowid first. */
export function readDigestColumns({ db, schema }: OpenStateDatabase, afterRowid: number, limit: number): unknown[][] {
  if (!schema.hasSessions) return []
  return db
    .prepare<[number, number], unknown[]>(
      `SELECT sessions.rowid, ${schema.selectColumns('sessions', digestColumns)} FROM sessions
       WHERE sessions.rowid > ? ORDER BY sessions.rowid LIMIT ?`,
    )
    .raw(true)
    .all(afterRowid, limit)
}

/** Those of the ids that have a row. At most 500 ids a call. */
export function filterExistingIds({ db, schema }: OpenStateDatabase, ids: readonly string[]): string[] {
  if (!schema.hasSessions) return []
  const sql = 'SELECT sessions.id FROM sessions WHERE sessions.id IN (SELECT value FROM json_each(?))'
  return db
    .prepare<[string], { id: unknown }>(sql)
    .all(toJsonIdList(ids))
    .flatMap(({ id }) => toText(id) ?? [])
}

/** Ids as a parameter for json_each, which cuts a text at its first NUL and so would find another session. */
export function toJsonIdList(ids: readonly string[]): string {
  return JSON.stringify(ids.filter((id) => id.isWellFormed() && !id.includes('\0')))
}

/** When a session was last active, in milliseconds, from seconds: its newest message's time, else its start. */
function toLastActivity(newestMessageSeconds: unknown, startedAtSeconds: unknown): number {
  return secondsToMillis(newestMessageSeconds) ?? secondsToMillis(startedAtSeconds) ?? 0
}

function toSessionRecord(row: HermesSessionRow, profile: string): SessionRecord | null {
  const id = toText(row.id)
  if (id === null) return null
  return {
    id,
    origin: 'HERMES',
    profile,
    title: toText(row.title),
    titleSource: titleSources.get(row.title_source) ?? null,
    source: toText(row.source) || 'unknown',
    model: toText(row.model),
    startedAt: secondsToMillis(row.started_at) ?? secondsToMillis(row.newest) ?? 0,
    endedAt: secondsToMillis(row.ended_at),
    endReason: toText(row.end_reason),
    lastActivityAt: toLastActivity(row.newest, row.started_at),
    pinned: toBoolean(row.pinned),
    archived: toBoolean(row.archived),
    parentId: toText(row.parent_session_id),
    ...parseMarkers(row.model_config),
    forkedFrom: null,
    headSeq: 0,
    usage: {
      estimated: false,
      inputTokens: toCount(row.input_tokens),
      outputTokens: toCount(row.output_tokens),
      reasoningTokens: toCount(row.reasoning_tokens),
      cachedInputTokens: toCount(row.cache_read_tokens),
    },
  }
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

/** The markers of a `model_config`, each with the text that it holds. */
function readMarkerEntries(modelConfig: unknown): [marker: string, parentId: string][] {
  if (typeof modelConfig !== 'string') return []
  try {
    const config: unknown = JSON.parse(modelConfig)
    if (typeof config !== 'object' || config === null) return []
    return Object.entries(config).flatMap(([marker, value]): [string, string][] => {
      const parentId = parentMarkerKeys.has(marker) ? toText(value) : null
      return parentId === null ? [] : [[marker, parentId]]
    })
  } catch {
    return []
  }
}
