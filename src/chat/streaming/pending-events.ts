import type { EventDraft } from '../../model/chat-event.ts'
import { canCoalesce, coalesceDeltas, getDeltaText, isDeltaEventDraft } from '../../model/fold/delta.ts'

/** The events of a stream that are not committed yet, in order. A delta that continues the previous one is merged into it. */
export class PendingEvents {
  #drafts: EventDraft[] = []
  #codeUnits = 0

  get count(): number {
    return this.#drafts.length
  }

  /** The length of the text of all pending deltas, in UTF-16 code units. */
  get codeUnits(): number {
    return this.#codeUnits
  }

  push(draft: EventDraft): void {
    const last = this.#drafts.at(-1)
    if (last && isDeltaEventDraft(last) && isDeltaEventDraft(draft) && canCoalesce(last, draft)) {
      this.#drafts[this.#drafts.length - 1] = coalesceDeltas(last, draft)
    } else {
      this.#drafts.push(draft)
    }
    this.#codeUnits += countCodeUnits(draft)
  }

  /** Removes and returns the first events, at least one if there is any, until their text reaches `maxCodeUnits`. */
  take(maxCodeUnits: number): EventDraft[] {
    let count = 0
    for (let codeUnits = 0; count < this.#drafts.length && codeUnits < maxCodeUnits; count += 1) {
      const draft = this.#drafts[count]
      if (draft) codeUnits += countCodeUnits(draft)
    }
    const taken = this.#drafts.slice(0, count)
    this.#set(this.#drafts.slice(count))
    return taken
  }

  /** Puts events back that could not be committed, before all others. */
  restore(drafts: readonly EventDraft[]): void {
    this.#set([...drafts, ...this.#drafts])
  }

  #set(drafts: EventDraft[]): void {
    this.#drafts = drafts
    this.#codeUnits = drafts.reduce((codeUnits, draft) => codeUnits + countCodeUnits(draft), 0)
  }
}

function countCodeUnits(draft: EventDraft): number {
  return isDeltaEventDraft(draft) ? getDeltaText(draft).length : 0
}
