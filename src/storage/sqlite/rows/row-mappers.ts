import type { ChatEvent } from '../../../model/chat-event.ts'
import type { DecisionRecord } from '../../../model/decision.ts'
import type { MessagePart, MessageRecord } from '../../../model/message.ts'
import type { Origin, SessionRecord, TitleSource } from '../../../model/session.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import { parseIdKind } from '../../../lib/ids.ts'
import { IdNamespace } from '../../../profiles/id-namespace.ts'

/** How records lie in the tables of `migrations.ts`, one pair of functions a table. */

export interface SessionRow {
  id: string
  title: string | null
  title_source: TitleSource | null
  source: string
  model: string | null
  forked_from: string | null
  forked_from_origin: Origin | null
  parent_session_id: string | null
  parent_origin: Origin | null
  started_at: number
  ended_at: number | null
  end_reason: string | null
  last_activity_at: number
  pinned: number
  archived: number
  head_seq: number
  usage: string
}

/** The one place that adds the profile's namespace to the ids of Hermes that are stored in a profile's database. */
export function sessionFromRow(row: SessionRow, profile: string): SessionRecord {
  const namespace = IdNamespace.forProfile(profile)
  return {
    id: row.id,
    origin: 'SEGUE',
    profile,
    title: row.title,
    titleSource: row.title_source,
    source: row.source,
    model: row.model,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    endReason: row.end_reason,
    lastActivityAt: row.last_activity_at,
    pinned: row.pinned === 1,
    archived: row.archived === 1,
    parentId: qualify(row.parent_session_id, row.parent_origin, namespace),
    notContinuationOf: [],
    forkedFrom: qualify(row.forked_from, row.forked_from_origin, namespace),
    headSeq: row.head_seq,
    usage: JSON.parse(row.usage),
  }
}

/** The one place that takes it off. */
export function sessionToRow(session: SessionRecord): SessionRow {
  const namespace = IdNamespace.forProfile(session.profile)
  return {
    id: session.id,
    title: session.title,
    title_source: session.titleSource,
    source: session.source,
    model: session.model,
    parent_session_id: unqualify(session.parentId, namespace),
    parent_origin: detectOrigin(session.parentId),
    forked_from: unqualify(session.forkedFrom, namespace),
    forked_from_origin: detectOrigin(session.forkedFrom),
    started_at: session.startedAt,
    ended_at: session.endedAt,
    end_reason: session.endReason,
    last_activity_at: session.lastActivityAt,
    pinned: session.pinned ? 1 : 0,
    archived: session.archived ? 1 : 0,
    head_seq: session.headSeq,
    usage: JSON.stringify(session.usage),
  }
}

function qualify(id: string | null, origin: Origin | null, namespace: IdNamespace): string | null {
  return id !== null && origin === 'HERMES' ? namespace.prefix + id : id
}

/** The id of another profile's Hermes session, as in a document from elsewhere, stays as it is: it leads nowhere. */
function unqualify(id: string | null, namespace: IdNamespace): string | null {
  return id === null ? null : (namespace.unqualify(id) ?? id)
}

function detectOrigin(id: string | null): Origin | null {
  if (id === null) return null
  return parseIdKind(id) === null ? 'HERMES' : 'SEGUE'
}

export interface MessageRow {
  id: string
  session_id: string
  position: number | null
  withdrawn: number
  summary: number
  role: MessageRecord['role']
  status: MessageRecord['status']
  parts: string
  created_at: number
  stream_id: string | null
  model: string | null
  usage: string | null
}

export function messageFromRow(row: MessageRow): MessageRecord {
  return {
    id: row.id,
    sessionId: row.session_id,
    position: row.position,
    withdrawn: row.withdrawn === 1,
    role: row.role,
    ...(row.summary === 1 && { summary: true }),
    status: row.status,
    ...(row.parts === partsInLogMarker ? { parts: [], inLog: true } : { parts: JSON.parse(row.parts) }),
    createdAt: row.created_at,
    streamId: row.stream_id,
    model: row.model,
    usage: row.usage === null ? null : JSON.parse(row.usage),
  }
}

export function messageToRow(message: MessageRecord): MessageRow {
  return {
    id: message.id,
    session_id: message.sessionId,
    position: message.position,
    withdrawn: message.withdrawn ? 1 : 0,
    summary: message.summary ? 1 : 0,
    role: message.role,
    status: message.status,
    parts: message.inLog || isTooLongForRow(message) ? partsInLogMarker : JSON.stringify(message.parts),
    created_at: message.createdAt,
    stream_id: message.streamId,
    model: message.model,
    usage: message.usage === null ? null : JSON.stringify(message.usage),
  }
}

/** What stands in the place of parts that are in the log alone. */
const partsInLogMarker = 'null'
/** In UTF-16 code units. Writing more at once would hold up everybody else. */
const maxInlinePartsUnits = 262_144

function isTooLongForRow({ role, streamId, parts }: MessageRecord): boolean {
  if (role !== 'ASSISTANT' || streamId === null) return false
  return parts.reduce((units, part) => units + countUnits(part), 0) > maxInlinePartsUnits
}

function countUnits(part: MessagePart): number {
  if (part.type === 'file') return part.url.length
  if (part.type !== 'tool') return part.text.length
  const { argumentsText, result } = part.call
  return argumentsText.length + (typeof result === 'string' ? result.length : 0)
}

export interface StreamRow {
  id: string
  session_id: string
  status: StreamRecord['status']
  generation: number
  model: string
  user_message_id: string
  message_id: string | null
  usage: string
  step: string | null
  started_at: number
  finished_at: number | null
  first_seq: number
  last_seq: number
  error: string | null
}

export function streamFromRow(row: StreamRow): StreamRecord {
  return {
    id: row.id,
    sessionId: row.session_id,
    status: row.status,
    generation: row.generation,
    model: row.model,
    userMessageId: row.user_message_id,
    messageId: row.message_id,
    usage: JSON.parse(row.usage),
    step: row.step === null ? null : JSON.parse(row.step),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    firstSeq: row.first_seq,
    lastSeq: row.last_seq,
    error: row.error === null ? null : JSON.parse(row.error),
  }
}

export function streamToRow(stream: StreamRecord): StreamRow {
  return {
    id: stream.id,
    session_id: stream.sessionId,
    status: stream.status,
    generation: stream.generation,
    model: stream.model,
    user_message_id: stream.userMessageId,
    message_id: stream.messageId,
    usage: JSON.stringify(stream.usage),
    step: stream.step === null ? null : JSON.stringify(stream.step),
    started_at: stream.startedAt,
    finished_at: stream.finishedAt,
    first_seq: stream.firstSeq,
    last_seq: stream.lastSeq,
    error: stream.error === null ? null : JSON.stringify(stream.error),
  }
}

export interface DecisionRow {
  id: string
  session_id: string
  kind: DecisionRecord['kind']
  state: DecisionRecord['state']
  body: string
}

export function decisionFromRow(row: DecisionRow): DecisionRecord {
  return JSON.parse(row.body)
}

export function decisionToRow(decision: DecisionRecord): DecisionRow {
  const { id, sessionId, kind, state } = decision
  return { id, session_id: sessionId, kind, state, body: JSON.stringify(decision) }
}

/** The form in which events are written today. Older ones stay readable for ever: the log is never rewritten. */
const currentEventVersion = 1

export interface EventRow {
  session_id: string
  seq: number
  stream_id: string | null
  at: number
  type: string
  version: number
  body: string
}

export function eventFromRow(row: EventRow): ChatEvent {
  if (row.version > currentEventVersion)
    throw new Error(`event ${row.session_id}/${row.seq} has the unknown form ${row.version}`)
  const base = { seq: row.seq, at: row.at, sessionId: row.session_id, streamId: row.stream_id, type: row.type }
  return Object.assign(JSON.parse(row.body), base)
}

export function eventToRow(event: ChatEvent): EventRow {
  const { seq, at, sessionId, streamId, type, ...body } = event
  return {
    session_id: sessionId,
    seq,
    stream_id: streamId,
    at,
    type,
    version: currentEventVersion,
    body: JSON.stringify(body),
  }
}
