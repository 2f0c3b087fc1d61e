import type { SessionRecord } from '../records.ts'
import type { OpenFile } from './state-file.ts'
import { countOf, flagOf, millisOf, textOf } from './values.ts'

const columns = [
  'id',
  'title',
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

type SessionRow = Record<(typeof columns)[number] | 'newest', unknown>

/** The sessions with these ids, in no order. At most 500 ids a call. */
export function readSessions({ db, layout }: OpenFile, ids: readonly string[], profile: string): SessionRecord[] {
  if (!layout.hasSessions) return []
  const rows = db
    .prepare<[string], SessionRow>(
      `SELECT ${layout.select('sessions', columns)}, ${layout.newestMessage} AS newest
       FROM sessions WHERE sessions.id IN (SELECT value FROM json_each(?))`,
    )
    .all(idList(ids))
  return rows.flatMap((row) => recordOf(row, profile) ?? [])
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
export function activityOf(newest: unknown, startedAt: unknown): number {
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
    titleSource: null,
    source: textOf(row.source) || 'unknown',
    model: textOf(row.model),
    startedAt: millisOf(row.started_at) ?? millisOf(row.newest) ?? 0,
    endedAt: millisOf(row.ended_at),
    endReason: textOf(row.end_reason),
    lastActivityAt: activityOf(row.newest, row.started_at),
    pinned: flagOf(row.pinned),
    archived: flagOf(row.archived),
    parentId: textOf(row.parent_session_id),
    notContinuationOf: markersOf(row.model_config),
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

const markers = new Set(['_branched_from', '_delegate_from', '_reset_from'])

function markersOf(modelConfig: unknown): string[] {
  if (typeof modelConfig !== 'string') return []
  try {
    const config: unknown = JSON.parse(modelConfig)
    if (typeof config !== 'object' || config === null) return []
    return Object.entries(config).flatMap(([key, value]) => (markers.has(key) ? (textOf(value) ?? []) : []))
  } catch {
    return []
  }
}
