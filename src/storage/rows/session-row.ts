import { z } from 'zod'
import { parseIdKind } from '../../lib/ids.ts'
import type { ContextSize } from '../../model/context/context-size.ts'
import type { Origin, SessionRecord, TitleSource } from '../../model/session.ts'
import { normalizeStoredUsage } from '../../model/usage.ts'
import { ProfileIdNamespace } from '../../profiles/profile-id-namespace.ts'

const contextSizeSchema: z.ZodType<ContextSize> = z.object({
  model: z.string().nullable(),
  tokens: z.number(),
  instructions: z.number(),
  tools: z.number(),
  history: z.number(),
  scale: z.number().nullable().default(null),
  estimated: z.boolean(),
})

export interface SessionRow {
  id: string
  title: string | null
  title_source: TitleSource | null
  source: string
  model: string | null
  instructions: string | null
  effort: string | null
  forked_from: string | null
  forked_from_origin: Origin | null
  retry_of: string | null
  retry_of_origin: Origin | null
  takes_place_of: string | null
  takes_place_of_origin: Origin | null
  parent_session_id: string | null
  parent_origin: Origin | null
  started_at: number
  ended_at: number | null
  end_reason: string | null
  last_activity_at: number
  head_seq: number
  usage: string
  context_size: string | null
}

/** A row with the settings of its conversation; null if there are none. */
export interface SessionRowWithSettings extends SessionRow {
  pinned: number | null
  archived: number | null
}

/** The one place that adds the profile's namespace to the ids of Hermes that a profile's database holds. */
export function sessionFromRow(row: SessionRowWithSettings, profile: string): SessionRecord {
  const session = sessionFromRowWithStoredIds(row, profile)
  const { parent_origin, forked_from_origin, retry_of_origin, takes_place_of_origin } = row
  if (![parent_origin, forked_from_origin, retry_of_origin, takes_place_of_origin].includes('HERMES')) return session
  const namespace = new ProfileIdNamespace(profile)
  return {
    ...session,
    parentId: qualify(row.parent_session_id, row.parent_origin, namespace),
    forkedFrom: qualify(row.forked_from, row.forked_from_origin, namespace),
    retryOf: qualify(row.retry_of, row.retry_of_origin, namespace),
    takesPlaceOf: qualify(row.takes_place_of, row.takes_place_of_origin, namespace),
  }
}

/** With the ids of Hermes as they are stored: without the profile's namespace. */
export function sessionFromRowWithStoredIds(row: SessionRowWithSettings, profile: string): SessionRecord {
  return {
    id: row.id,
    origin: 'SEGUE',
    profile,
    title: row.title,
    titleSource: row.title_source,
    source: row.source,
    model: row.model,
    ...(row.instructions !== null && { instructions: row.instructions }),
    ...(row.effort !== null && { effort: row.effort }),
    startedAt: row.started_at,
    endedAt: row.ended_at,
    endReason: row.end_reason,
    lastActivityAt: row.last_activity_at,
    pinned: row.pinned === 1,
    archived: row.archived === 1,
    parentId: row.parent_session_id,
    notContinuationOf: [],
    forkedFrom: row.forked_from,
    retryOf: row.retry_of,
    takesPlaceOf: row.takes_place_of,
    headSeq: row.head_seq,
    usage: normalizeStoredUsage(JSON.parse(row.usage)),
    ...(row.context_size !== null && { contextSize: contextSizeSchema.parse(JSON.parse(row.context_size)) }),
  }
}

/** The one place that removes the namespace. */
export function sessionToRow(session: SessionRecord): SessionRow {
  const namespace = new ProfileIdNamespace(session.profile)
  return {
    id: session.id,
    title: session.title,
    title_source: session.titleSource,
    source: session.source,
    model: session.model,
    instructions: session.instructions ?? null,
    effort: session.effort ?? null,
    parent_session_id: unqualify(session.parentId, namespace),
    parent_origin: detectOrigin(session.parentId),
    forked_from: unqualify(session.forkedFrom, namespace),
    forked_from_origin: detectOrigin(session.forkedFrom),
    retry_of: unqualify(session.retryOf, namespace),
    retry_of_origin: detectOrigin(session.retryOf),
    takes_place_of: unqualify(session.takesPlaceOf, namespace),
    takes_place_of_origin: detectOrigin(session.takesPlaceOf),
    started_at: session.startedAt,
    ended_at: session.endedAt,
    end_reason: session.endReason,
    last_activity_at: session.lastActivityAt,
    head_seq: session.headSeq,
    usage: JSON.stringify(session.usage),
    context_size: session.contextSize ? JSON.stringify(session.contextSize) : null,
  }
}

function qualify(id: string | null, origin: Origin | null, namespace: ProfileIdNamespace): string | null {
  return id !== null && origin === 'HERMES' ? namespace.qualifyHermesId(id) : id
}

/** Leaves the id of another profile's Hermes session as it is, as in an imported document: it is not found anyway. */
function unqualify(id: string | null, namespace: ProfileIdNamespace): string | null {
  return id === null ? null : (namespace.unqualify(id) ?? id)
}

function detectOrigin(id: string | null): Origin | null {
  if (id === null) return null
  return parseIdKind(id) === null ? 'HERMES' : 'SEGUE'
}

/** The id of a session of either origin as the profile's database holds it. */
export function toStoredSessionId(id: string, profile: string): string {
  return unqualify(id, new ProfileIdNamespace(profile)) ?? id
}

/** How an append moves the end of the log of a session. */
export interface HeadSeqAdvance {
  readonly sessionId: string
  readonly expectedHeadSeq: number
  readonly headSeq: number
  readonly addedMessages: number
  /** 0: no activity. */
  readonly activityAt: number
  /** What a model would be sent next. Null: it has to be counted. Undefined: as before. */
  readonly contextSize: ContextSize | null | undefined
}
