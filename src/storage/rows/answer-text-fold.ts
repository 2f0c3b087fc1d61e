import type { ChatEvent } from '../../model/chat-event.ts'
import { foldAnswer, type FoldedAnswer } from '../../model/fold/fold-message.ts'
import { toMessageText } from '../../model/message-content/message-text.ts'

const noAnswer: FoldedAnswer = { parts: [], status: 'STREAMING', usage: null }

/** Rebuilds the text of an answer from the log of its session. Only the text: results of tools and files can be much longer. */
export class AnswerTextFold {
  readonly #streamId: string | null
  #answer = noAnswer

  constructor(streamId: string | null) {
    this.#streamId = streamId
  }

  /** Adds events of the session, in order. */
  add(events: readonly ChatEvent[]): void {
    for (const event of events) {
      if (event.type !== 'TextDelta' && event.type !== 'ReasoningDelta') continue
      if (event.streamId === this.#streamId) this.#answer = foldAnswer(this.#answer, event, () => noAnswer) ?? noAnswer
    }
  }

  toText(): string {
    // A part of another kind is an empty text.
    return toMessageText(this.#answer.parts.filter((part) => part.type === 'text' && part.text !== ''))
  }
}
