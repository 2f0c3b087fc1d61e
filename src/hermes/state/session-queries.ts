import { parseJson } from '../../lib/text/json.ts'
import { continuableEndReasons, nonContinuingSources } from '../../model/conversation/lineage.ts'
import type { SessionRecord, TitleSource } from '../../model/session.ts'
import { buildCopyStampSql } from './copy-stamp-sql.ts'
import type { StateDatabaseConnection } from './state-database.ts'
import { hermesCostColumns, hermesUsageColumns, usageFromHermesRow } from './usage-columns.ts'
import { booleanFromHermesCell, millisecondsFromHermesCell, textFromHermesCell } from './cell-values.ts'

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
  ...hermesUsageColumns,
  ...hermesCostColumns,
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
  'last_activity_at',
  ...hermesUsageColumns,
  ...hermesCostColumns,
]

type HermesSessionRow = Record<(typeof sessionColumns)[number] | 'newest' | 'has_message' | 'copy_stamp', unknown>

/** A session as its row and its markers describe it. */
export interface HermesSession {
  /** What only a comparison with the parent's messages shows is missing: see `HermesForkDetector`. */
  readonly record: SessionRecord
  /** The id of the session that it is marked as a branch of. */
  readonly branchedFrom: string | null
  /** In epoch seconds, as stored. */
  readonly startedAtCell: unknown
  /** Null if the session cannot have copied its parent's messages; else see `buildCopyStampSql`. */
  readonly copyStamp: string | null
  /** Whether there is a shown message. Always false unless it was asked for. */
  readonly hasMessages: boolean
}

/** The sessions with these ids, in no particular order. At most 500 ids. */
export function readHermesSessions(
  { db, schema }: StateDatabaseConnection,
  ids: readonly string[],
  profile: string,
  { withHasMessages = false }: { readonly withHasMessages?: boolean } = {},
): HermesSession[] {
  if (!schema.hasSessions) return []
  return db
    .prepare<[string], HermesSessionRow>(
      `SELECT ${schema.selectColumns('sessions', sessionColumns)}, ${schema.newestMessageTimeSql} AS newest,
         ${withHasMessages ? schema.hasMessageSql : 'NULL'} AS has_message, ${buildCopyStampSql(schema)} AS copy_stamp
       FROM sessions WHERE sessions.id IN (SELECT value FROM json_each(?))`,
    )
    .all(toJsonIdList(ids))
    .flatMap((row) => toHermesSession(row, profile) ?? [])
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
      `SELECT sessions.rowid, ${schema.selectColumns('sessions', digestColumns)} FROM ${schema.numberedSessionsSql}
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

/**
 * The ids of the sessions whose place depends on one of these: their parents, and what could continue them now, because they
 * have ended in a way that can be continued. Without the sessions of tools and sub-agents. At most 500 ids.
 */
export function listRelatedHermesSessionIds({ db, schema }: StateDatabaseConnection, ids: readonly string[]): string[] {
  if (!schema.hasColumns('sessions', ['parent_session_id', 'end_reason', 'source'])) return []
  const toList = (values: Iterable<string>) => [...values].map((value) => `'${value}'`).join(', ')
  const list = toJsonIdList(ids)
  const continuesSql = `sessions.source NOT IN (${toList(nonContinuingSources)})`
  return db
    .prepare<[string, string], { id: unknown }>(
      `SELECT sessions.parent_session_id AS id FROM sessions
       WHERE sessions.id IN (SELECT value FROM json_each(?)) AND sessions.parent_session_id IS NOT NULL AND ${continuesSql}
       UNION ALL
       SELECT sessions.id FROM sessions AS parents JOIN sessions ON sessions.parent_session_id = parents.id
       WHERE parents.id IN (SELECT value FROM json_each(?))
         AND parents.end_reason IN (${toList(continuableEndReasons)}) AND ${continuesSql}`,
    )
    .all(list, list)
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

function toHermesSession(row: HermesSessionRow, profile: string): HermesSession | null {
  const id = textFromHermesCell(row.id)
  if (id === null) return null
  const markers = readMarkers(row.model_config)
  return {
    record: toSessionRecord(id, row, markers, profile),
    branchedFrom: markers.get(branchMarkerKey) ?? null,
    startedAtCell: row.started_at,
    copyStamp: textFromHermesCell(row.copy_stamp),
    hasMessages: row.has_message === 1,
  }
}

function toSessionRecord(
  id: string,
  row: HermesSessionRow,
  markers: ReadonlyMap<string, string>,
  profile: string,
): SessionRecord {
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
    notContinuationOf: [...markers.values()],
    ...(markers.has(delegateMarkerKey) && { isSubagent: true }),
    forkedFrom: null,
    retryOf: null,
    takesPlaceOf: null,
    headSeq: 0,
    usage: usageFromHermesRow(row),
  }
}

const titleSources = new Map<unknown, TitleSource>([
  ['user', 'PERSON'],
  ['llm', 'MODEL'],
  ['derived', 'MESSAGE'],
])

const branchMarkerKey = '_branched_from'
const delegateMarkerKey = '_delegate_from'
const parentMarkerKeys = new Set([branchMarkerKey, delegateMarkerKey, '_reset_from'])

/** The markers in a `model_config`, each with the parent's id. */
function readMarkers(modelConfig: unknown): Map<string, string> {
  const config = typeof modelConfig === 'string' ? parseJson(modelConfig) : undefined
  if (typeof config !== 'object' || config === null) return new Map()
  const entries = Object.entries(config).flatMap(([marker, value]): [string, string][] => {
    const parentId = parentMarkerKeys.has(marker) ? textFromHermesCell(value) : null
    return parentId === null ? [] : [[marker, parentId]]
  })
  return new Map(entries)
}
