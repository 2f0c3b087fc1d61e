import { parseJsonWithExactNumbers, stringifyJson } from '../../lib/text/json.ts'
import type { ChatEvent } from '../../model/chat-event.ts'
import { normalizeStoredUsage } from '../../model/usage.ts'

/** Version of the format in which events are written. Earlier ones stay readable: stored events are never rewritten. */
const currentEventVersion = 3
/** UTF-16 code units of event bodies; a page ends with the event that reaches this. */
export const maxEventPageUnits = 262_144
export const maxEventsPerPage = 1_000

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
    throw new Error(
      `The event ${row.session_id}/${row.seq} has version ${row.version}; this Segue reads versions up to ${currentEventVersion}.`,
    )
  const base = { seq: row.seq, at: row.at, sessionId: row.session_id, streamId: row.stream_id, type: row.type }
  const event: ChatEvent = Object.assign(parseJsonWithExactNumbers(row.body), base)
  if (event.type === 'StepFinished') return { ...event, usage: normalizeStoredUsage(event.usage) }
  if (!('stream' in event)) return event
  return { ...event, stream: { ...event.stream, usage: normalizeStoredUsage(event.stream.usage) } }
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
    body: stringifyJson(body),
  }
}
