import type { Json } from '../../lib/text/json.ts'
import type { ChatEvent } from '../../model/chat-event.ts'
import { getDeltaText, isDelta } from '../../model/fold/delta.ts'
import type { ToolCall } from '../../model/message.ts'

const maxEvents = 256
const maxCodeUnits = 1_048_576 // UTF-16 code units

/**
 * The newest events of a session's log, without gaps, so that readers who keep up need no database. It holds up to 256
 * events. An event is dropped earlier if the events after it hold 1,048,576 code units of text; the newest one stays.
 */
export class EventLogTail {
  readonly #events: ChatEvent[] = []
  /** The size of each event. Events are measured once, because results of tools can be large. */
  readonly #codeUnits: number[] = []
  #totalCodeUnits = 0

  get newest(): ChatEvent | undefined {
    return this.#events.at(-1)
  }

  /** Appends events that continue the log, and drops the oldest ones. */
  append(events: readonly ChatEvent[]): void {
    for (const event of events) {
      const codeUnits = countEventCodeUnits(event)
      this.#events.push(event)
      this.#codeUnits.push(codeUnits)
      this.#totalCodeUnits += codeUnits
    }
    this.#evict()
  }

  /** Up to `limit` events after a seq; null if the tail does not reach back that far. */
  read(after: number, limit: number): ChatEvent[] | null {
    const oldest = this.#events[0]
    if (!oldest || oldest.seq > after + 1) return null
    const start = after + 1 - oldest.seq
    return this.#events.slice(start, start + limit)
  }

  clear(): void {
    this.#events.length = 0
    this.#codeUnits.length = 0
    this.#totalCodeUnits = 0
  }

  #evict(): void {
    let count = Math.max(0, this.#events.length - maxEvents)
    for (const codeUnits of this.#codeUnits.slice(0, count)) this.#totalCodeUnits -= codeUnits
    while (count < this.#events.length - 1) {
      const codeUnitsAfter = this.#totalCodeUnits - (this.#codeUnits[count] ?? 0)
      if (codeUnitsAfter < maxCodeUnits) break
      this.#totalCodeUnits = codeUnitsAfter
      count += 1
    }
    this.#events.splice(0, count)
    this.#codeUnits.splice(0, count)
  }
}

/** About how much text an event holds, in UTF-16 code units. Only tool calls and deltas are large. */
function countEventCodeUnits(event: ChatEvent): number {
  if (isDelta(event)) return getDeltaText(event).length
  if (event.type === 'ToolCallChanged') return countToolCallCodeUnits(event.toolCall)
  if (event.type === 'ApprovalChanged') return countToolCallCodeUnits(event.decision.toolCall)
  if (event.type !== 'ClarificationChanged') return 0
  return countToolCallCodeUnits(event.decision.toolCall) + (event.decision.answer?.length ?? 0)
}

function countToolCallCodeUnits({ argumentsText, result }: ToolCall): number {
  return argumentsText.length + countJsonCodeUnits(result)
}

function countJsonCodeUnits(value: Json): number {
  if (typeof value === 'string') return value.length
  if (value === null || typeof value !== 'object') return 0
  return Object.values(value).reduce<number>((units, inner) => units + countJsonCodeUnits(inner), 0)
}
