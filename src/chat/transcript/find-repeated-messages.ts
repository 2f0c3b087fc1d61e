import { toMessageKind } from '../../model/conversation/message-kind.ts'
import type { MessageRecord } from '../../model/message.ts'
import { stringifyJson } from '../../lib/text/json.ts'

export interface HermesContinuation {
  /** The first messages of the session. */
  readonly beginning: readonly MessageRecord[]
  /** The first messages of the session that it continues. */
  readonly previousBeginning: readonly MessageRecord[]
  /** The last messages of that session. */
  readonly previousEnd: readonly MessageRecord[]
}

/** Whether a session of Hermes that begins with these messages may repeat any: only around a summary. */
export function isRepetitionPossible(beginning: readonly MessageRecord[]): boolean {
  return beginning.some((message) => toMessageKind(message) === 'SUMMARY')
}

/**
 * The messages that a session of Hermes repeats of the one that it continues. Hermes begins it with that one's first
 * messages, a summary, and that one's last messages. Without a summary at the beginning, nothing is repeated.
 */
export function findRepeatedMessageIds({
  beginning,
  previousBeginning,
  previousEnd,
}: HermesContinuation): ReadonlySet<string> {
  const summaryIndex = beginning.findIndex((message) => toMessageKind(message) === 'SUMMARY')
  if (summaryIndex < 0) return new Set()
  const head = beginning.slice(0, summaryIndex)
  const tail = beginning.slice(summaryIndex + 1)
  const isHeadRepeated = head.every((message, index) => isSameMessage(message, previousBeginning[index]))
  if (!isHeadRepeated) return new Set()
  const tailLength = countRepeatedEnd(tail, previousEnd)
  return new Set([...head, ...tail.slice(0, tailLength)].map(({ id }) => id))
}

/** How many messages at the start of `tail` are the last ones of `previousEnd`. */
function countRepeatedEnd(tail: readonly MessageRecord[], previousEnd: readonly MessageRecord[]): number {
  for (let length = Math.min(tail.length, previousEnd.length); length > 0; length -= 1) {
    const end = previousEnd.slice(-length)
    if (end.every((message, index) => isSameMessage(message, tail[index]))) return length
  }
  return 0
}

function isSameMessage(a: MessageRecord, b: MessageRecord | undefined): boolean {
  return b !== undefined && a.role === b.role && describeParts(a) === describeParts(b)
}

/** The parts without what differs between copies. */
function describeParts({ parts }: MessageRecord): string {
  return stringifyJson(
    parts.map((part) => {
      if (part.type === 'tool') return [part.type, part.call.name, part.call.argumentsText]
      return part.type === 'file' ? [part.type, part.mediaType] : [part.type, part.text]
    }),
  )
}
