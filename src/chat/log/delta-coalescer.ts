import type { ChatEvent } from '../../model/chat-event.ts'
import { type Delta, getDeltaText, isDelta, replaceDeltaText } from '../../model/delta.ts'
import { maxEventTextCodeUnits } from '../../lib/unicode.ts'

/** Deltas of one part that became one event, under the number of the last of them. */
interface DeltaRun {
  last: Delta
  readonly first: Delta
  readonly texts: string[]
  codeUnits: number
  readonly seqs: number[]
}

export interface CoalescedEvent {
  /** The event that stands for the run: the text of all, from the offset and the time of the first, under the seq of the last. */
  readonly event: ChatEvent
  /** The seqs of the events that it makes superfluous. */
  readonly supersededSeqs: readonly number[]
  /**
   * The seq that a reader's cursor has after it: before the first event of what is told behind it, so that a reader who
   * leaves between two parts that grew in turns misses nothing of the second.
   */
  readonly cursor: number
}

/**
 * Merges the deltas of each part in a stretch of a log: whoever reads the result folds to the same message, in a few
 * events. Parts may grow in turns. Whatever else happens ends the runs, and so does a new part, so that none is told of
 * before the parts in front of it.
 */
export class DeltaCoalescer {
  readonly #runs = new Map<string, DeltaRun>()

  /** Takes the next event; returns what can be told now, in order. */
  push(event: ChatEvent): CoalescedEvent[] {
    if (!isDelta(event)) return [...this.flush(), { event, supersededSeqs: [], cursor: event.seq }]
    const key = `${event.messageId}/${event.partIndex}`
    const run = this.#runs.get(key)
    if (run && continuesRun(run, event)) {
      run.texts.push(getDeltaText(event))
      run.codeUnits += getDeltaText(event).length
      run.seqs.push(event.seq)
      run.last = event
      return []
    }
    const ready = run || event.offset === 0 ? this.flush() : []
    this.#runs.set(key, {
      first: event,
      last: event,
      texts: [getDeltaText(event)],
      codeUnits: getDeltaText(event).length,
      seqs: [event.seq],
    })
    return ready
  }

  /** What is held back, in the order in which it began. */
  flush(): CoalescedEvent[] {
    const runs = [...this.#runs.values()]
    this.#runs.clear()
    const lastSeq = Math.max(...runs.map(({ last }) => last.seq))
    return runs.map(({ last, first, texts, seqs }, index) => ({
      event: replaceDeltaText({ ...last, at: first.at, offset: first.offset }, texts.join('')),
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
