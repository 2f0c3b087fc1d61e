import type { ChatEvent } from '../../model/records.ts'
import { type Delta, deltaText, isDelta, withText } from './delta.ts'
import { eventTextLimit } from '../../lib/unicode.ts'

/** Deltas of one part that became one event, under the number of the last of them. */
interface Run {
  last: Delta
  readonly first: Delta
  readonly texts: string[]
  units: number
  readonly seqs: number[]
}

export interface Merged {
  /** The event that stands for the run: the text of all, from the offset and the time of the first, under the seq of the last. */
  readonly event: ChatEvent
  /** The seqs of the events that it makes superfluous. */
  readonly replaced: readonly number[]
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
export class Merger {
  readonly #runs = new Map<string, Run>()

  /** Takes the next event; returns what can be told now, in order. */
  push(event: ChatEvent): Merged[] {
    if (!isDelta(event)) return [...this.flush(), { event, replaced: [], cursor: event.seq }]
    const key = `${event.messageId}/${event.partIndex}`
    const run = this.#runs.get(key)
    if (run && goesOn(run, event)) {
      run.texts.push(deltaText(event))
      run.units += deltaText(event).length
      run.seqs.push(event.seq)
      run.last = event
      return []
    }
    const told = run || event.offset === 0 ? this.flush() : []
    this.#runs.set(key, {
      first: event,
      last: event,
      texts: [deltaText(event)],
      units: deltaText(event).length,
      seqs: [event.seq],
    })
    return told
  }

  /** What is held back, in the order in which it began. */
  flush(): Merged[] {
    const runs = [...this.#runs.values()]
    this.#runs.clear()
    const end = Math.max(...runs.map(({ last }) => last.seq))
    return runs.map(({ last, first, texts, seqs }, index) => ({
      event: withText({ ...last, at: first.at, offset: first.offset }, texts.join('')),
      replaced: seqs.slice(0, -1),
      cursor: (runs[index + 1]?.first.seq ?? end + 1) - 1,
    }))
  }
}

function goesOn({ first, last, units }: Run, event: Delta): boolean {
  const length = deltaText(event).length
  return event.type === last.type && first.offset + units === event.offset && units + length <= eventTextLimit
}
