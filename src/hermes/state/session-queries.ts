import type { SessionRecord, TitleSource } from '../../model/records.ts'
import { type Segment, segmentOf } from '../../storage/sqlite/conversation-index/indexed-session.ts'
import type { OpenFile } from './state-database.ts'
import { countOf, flagOf, millisOf, textOf } from './cell-values.ts'

const columns = [
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
const printed = [
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

type SessionRow = Record<(typeof columns)[number] | 'newest' | 'has_message', unknown>

/** A session, and what the index of conversations is to know of it. */
export interface FoundSession {
  readonly record: SessionRecord
  readonly segment: Segment
}

/** The sessions with these ids, in no order. At most 500 ids a call. */
export function readSessions(file: OpenFile, ids: readonly string[], profile: string): SessionRecord[] {
  return rowsOf(file, ids, 'NULL').flatMap((row) => recordOf(row, profile) ?? [])
}

/** The same with what the index of conversations is to know of them. `note` stands in the statement. */
export function findSessions(file: OpenFile, ids: readonly string[], profile: string, note = ''): FoundSession[] {
  return rowsOf(file, ids, file.layout.hasMessage, note).flatMap((row) => {
    const record = recordOf(row, profile)
    return record ? { record, segment: segmentOf(record, row.has_message === 1) } : []
  })
}

function rowsOf({ db, layout }: OpenFile, ids: readonly string[], hasMessage: string, note = ''): SessionRow[] {
  if (!layout.hasSessions) return []
  return db
    .prepare<[string], SessionRow>(
      `SELECT ${layout.select('sessions', columns)}, ${layout.newestMessage} AS newest, ${hasMessage} AS has_message
       FROM sessions ${note}WHERE sessions.id IN (SELECT value FROM json_each(?))`,
    )
    .all(idList(ids))
}

/** What of a row of sessions tells whether it has to be looked at again, a list for each row, its rowid first. */
export function readPrints({ db, layout }: OpenFile, afterRow: number, limit: number): unknown[][] {
  if (!layout.hasSessions) return []
  return db
    .prepare<[number, number], unknown[]>(
      `SELECT sessions.rowid, ${layout.select('sessions', printed)} FROM sessions
       WHERE sessions.rowid > ? ORDER BY sessions.rowid LIMIT ?`,
    )
    .raw(true)
    .all(afterRow, limit)
}

/** Those of the ids that have a row. At most 500 ids a call. */
export function knownSessions({ db, layout }: OpenFile, ids: readonly string[]): string[] {
  if (!layout.hasSessions) return []
  const sql = 'SELECT sessions.id FROM sessions WHERE sessions.id IN (SELECT value FROM json_each(?))'
  return db
    .prepare<[string], { id: unknown }>(sql)
    .all(idList(ids))
    .flatMap(({ id }) => textOf(id) ?? [])
}

/** Ids as a parameter for json_each, which cuts a text at its first NUL and so would find another session. */
export function idList(ids: readonly string[]): string {
  return JSON.stringify(ids.filter((id) => id.isWellFormed() && !id.includes('\0')))
}

/** When a session was last active, in milliseconds, from seconds: its newest message's time, else its start. */
function activityOf(newest: unknown, startedAt: unknown): number {
  return millisOf(newest) ?? millisOf(startedAt) ?? 0
}

function recordOf(row: SessionRow, profile: string): SessionRecord | null {
  const id = textOf(row.id)
  if (id === null) return null
  return {
    id,
    origin: 'HERMES',
    profile,
    title: textOf(row.title),
    titleSource: titleSources.get(row.title_source) ?? null,
    source: textOf(row.source) || 'unknown',
    model: textOf(row.model),
    startedAt: millisOf(row.started_at) ?? millisOf(row.newest) ?? 0,
    endedAt: millisOf(row.ended_at),
    endReason: textOf(row.end_reason),
    lastActivityAt: activityOf(row.newest, row.started_at),
    pinned: flagOf(row.pinned),
    archived: flagOf(row.archived),
    parentId: textOf(row.parent_session_id),
    ...markersOf(row.model_config),
    forkedFrom: null,
    headSeq: 0,
    usage: {
      estimated: false,
      inputTokens: countOf(row.input_tokens),
      outputTokens: countOf(row.output_tokens),
      reasoningTokens: countOf(row.reasoning_tokens),
      cachedInputTokens: countOf(row.cache_read_tokens),
    },
  }
}

const titleSources = new Map<unknown, TitleSource>([
  ['user', 'PERSON'],
  ['llm', 'MODEL'],
  ['derived', 'MESSAGE'],
])

const delegateMarker = '_delegate_from'
const markers = new Set(['_branched_from', delegateMarker, '_reset_from'])

function markersOf(modelConfig: unknown): Pick<SessionRecord, 'notContinuationOf' | 'delegate'> {
  const marked = markedIn(modelConfig)
  const isDelegate = marked.some(([marker]) => marker === delegateMarker)
  return { notContinuationOf: marked.map(([, parentId]) => parentId), ...(isDelegate && { delegate: true }) }
}

/** The markers of a `model_config`, each with the text that it holds. */
function markedIn(modelConfig: unknown): [marker: string, parentId: string][] {
  if (typeof modelConfig !== 'string') return []
  try {
    const config: unknown = JSON.parse(modelConfig)
    if (typeof config !== 'object' || config === null) return []
    return Object.entries(config).flatMap(([marker, value]): [string, string][] => {
      const parentId = markers.has(marker) ? textOf(value) : null
      return parentId === null ? [] : [[marker, parentId]]
    })
  } catch {
    return []
  }
}
