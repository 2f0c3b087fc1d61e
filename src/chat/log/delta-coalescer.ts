import type { ChatEvent } from '../../model/chat-event.ts'
import { type Delta, getDeltaText, isDelta, replaceDeltaText } from '../../model/fold/delta.ts'
import { mergeOpaqueProviderStates } from '../../model/fold/merge-opaque-provider-states.ts'
import type { OpaqueProviderState } from '../../model/message.ts'
import { maxEventTextCodeUnits } from '../../lib/text/unicode.ts'

/** Consecutive deltas of one part, which become one event. */
interface DeltaRun {
  last: Delta
  readonly first: Delta
  readonly texts: string[]
  codeUnits: number
  readonly seqs: number[]
  providerState: OpaqueProviderState | undefined
}

export interface CoalescedEvent {
  /** The text of all deltas of the run, with the offset and the time of the first and the seq of the last. */
  readonly event: ChatEvent
  /** The seqs of the other deltas of the run, which are not needed any more. */
  readonly supersededSeqs: readonly number[]
  /**
   * The cursor to store after this event. It is lower than the seq of the first delta in the next run, so a reader that
   * disconnects between two interleaved runs receives all of the second one when it resumes.
   */
  readonly cursor: number
}

/**
 * Coalesces the deltas of each part in a range of a log. The result folds to the same message, in fewer events. The
 * deltas of several parts may be interleaved. Any other event ends all runs, and so does a new part, because the parts
 * before it must come first.
 */
export class DeltaCoalescer {
  readonly #runs = new Map<string, DeltaRun>()

  /** Adds the next event. Returns the events that are complete now, in order. */
  push(event: ChatEvent): CoalescedEvent[] {
    if (!isDelta(event)) return [...this.flush(), { event, supersededSeqs: [], cursor: event.seq }]
    const key = `${event.messageId}/${event.partIndex}`
    const run = this.#runs.get(key)
    if (run && continuesRun(run, event)) {
      run.texts.push(getDeltaText(event))
      run.codeUnits += getDeltaText(event).length
      run.seqs.push(event.seq)
      run.last = event
      run.providerState = mergeOpaqueProviderStates(run.providerState, event.providerState)
      return []
    }
    const ready = run || event.offset === 0 ? this.flush() : []
    this.#runs.set(key, {
      first: event,
      last: event,
      texts: [getDeltaText(event)],
      codeUnits: getDeltaText(event).length,
      seqs: [event.seq],
      providerState: event.providerState,
    })
    return ready
  }

  /** Ends all runs, and returns their events in the order of their first deltas. */
  flush(): CoalescedEvent[] {
    const runs = [...this.#runs.values()]
    this.#runs.clear()
    const lastSeq = Math.max(...runs.map(({ last }) => last.seq))
    return runs.map(({ last, first, texts, seqs, providerState }, index) => ({
      event: {
        ...replaceDeltaText({ ...last, at: first.at, offset: first.offset }, texts.join('')),
        ...(providerState && { providerState }),
      },
      supersededSeqs: seqs.slice(0, -1),
      cursor: (runs[index + 1]?.first.seq ?? lastSeq + 1) - 1,
    }))
  }
}

function continuesRun({ first, last, codeUnits }: DeltaRun, event: Delta): boolean {
  const length = getDeltaText(event).length
  return (
    event.type === last.type && first.offset + codeUnits === event.offset && codeUnits + length <= maxEventTextCodeUnits
  )
}
