import { parseJsonWithExactNumbers, stringifyJson } from '../../lib/text/json.ts'
import type { MessagePart, MessageRecord } from '../../model/message.ts'
import { normalizeStoredUsage } from '../../model/usage.ts'
import { ProfileIdNamespace } from '../../profiles/profile-id-namespace.ts'

export interface MessageRow {
  id: string
  session_id: string
  position: number | null
  withdrawn: number
  kind: 'SUMMARY' | null
  summary: number
  role: MessageRecord['role']
  status: MessageRecord['status']
  parts: string
  created_at: number
  stream_id: string | null
  model: string | null
  usage: string | null
  summary_context: string | null
  copy_of: string | null
  turn_id: string | null
  steering: string | null
}

/** Stored in place of the parts of a message that only the log contains. */
const partsInLogMarker = 'null'
/** UTF-16 code units of an answer. Writing more in one row would delay every other writer. */
const maxInlinePartsUnits = 262_144

/** Adds the namespace of the profile to the ids of Hermes. */
export function messageFromRow(row: MessageRow, profile: string): MessageRecord {
  const namespace = new ProfileIdNamespace(profile)
  return {
    id: row.id,
    sessionId: row.session_id,
    position: row.position,
    withdrawn: row.withdrawn === 1,
    role: row.role,
    ...(row.kind !== null && { kind: row.kind }),
    ...(row.summary === 1 && { summary: true }),
    ...(row.summary_context !== null && { summaryContext: JSON.parse(row.summary_context) }),
    status: row.status,
    ...parseStoredParts(row),
    createdAt: row.created_at,
    streamId: row.stream_id,
    model: row.model,
    usage: row.usage === null ? null : normalizeStoredUsage(JSON.parse(row.usage)),
    ...(row.steering !== null && { steering: JSON.parse(row.steering) }),
    ...(row.copy_of !== null && { copyOf: namespace.qualify(row.copy_of) }),
    ...(row.turn_id !== null && { turnId: namespace.qualify(row.turn_id) }),
  }
}

/** The parts in a message's row; none, with `inLog`, if only the log contains them. */
export function parseStoredParts({ parts }: Pick<MessageRow, 'parts'>): Pick<MessageRecord, 'parts' | 'inLog'> {
  return parts === partsInLogMarker ? { parts: [], inLog: true } : { parts: parseJsonWithExactNumbers(parts) }
}

/** Removes the namespace of the profile. An id of another profile, as in an imported document, is left as it is. */
export function messageToRow(message: MessageRecord, profile: string): MessageRow {
  const namespace = new ProfileIdNamespace(profile)
  const unqualify = (id: string | undefined) => (id === undefined ? null : (namespace.unqualify(id) ?? id))
  return {
    id: message.id,
    session_id: message.sessionId,
    position: message.position,
    withdrawn: message.withdrawn ? 1 : 0,
    kind: message.kind ?? null,
    summary: message.summary ? 1 : 0,
    role: message.role,
    status: message.status,
    parts: message.inLog || isTooLongForRow(message) ? partsInLogMarker : stringifyJson(message.parts),
    created_at: message.createdAt,
    stream_id: message.streamId,
    model: message.model,
    usage: message.usage === null ? null : JSON.stringify(message.usage),
    summary_context: message.summaryContext ? JSON.stringify(message.summaryContext) : null,
    copy_of: unqualify(message.copyOf),
    turn_id: unqualify(message.turnId),
    steering: message.steering ? JSON.stringify(message.steering) : null,
  }
}

function isTooLongForRow({ role, streamId, parts }: MessageRecord): boolean {
  if (role !== 'ASSISTANT' || streamId === null) return false
  return parts.reduce((units, part) => units + countUnits(part), 0) > maxInlinePartsUnits
}

function countUnits(part: MessagePart): number {
  if (part.type === 'file') return part.url.length
  const stateUnits = part.providerState ? stringifyJson(part.providerState).length : 0
  if (part.type !== 'tool') return part.text.length + stateUnits
  const { argumentsText, result } = part.call
  return argumentsText.length + stateUnits + (typeof result === 'string' ? result.length : 0)
}
