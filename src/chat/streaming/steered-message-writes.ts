import type { EventDraft } from '../../model/chat-event.ts'
import { toAnswerMessagePosition, toUserMessagePosition } from '../../model/fold/message-position.ts'
import { isSteeringMessage, type MessageRecord } from '../../model/message.ts'

/** What a commit writes of the messages that join a stream. */
export interface ComposedSteering {
  readonly messages: readonly MessageRecord[]
  /** When the newest message was accepted, in epoch milliseconds. Null: this commit accepts none. */
  readonly activityAt: number | null
}

/** The messages that join one stream, from their events to their rows: their places follow from the seqs of the events. */
export class SteeredMessageWrites {
  readonly #messages = new WeakMap<EventDraft, MessageRecord>()
  readonly #acceptedSeqs = new Map<string, number>()
  #answerPosition: number

  constructor(answerPosition: number) {
    this.#answerPosition = answerPosition
  }

  /** Remembers the messages as they are after these events. */
  add(drafts: readonly EventDraft[], steered: readonly MessageRecord[]): void {
    for (const draft of drafts) {
      if (draft.type !== 'MessageSteered') continue
      const message = steered.find(({ id }) => id === draft.userMessageId)
      if (message) this.#messages.set(draft, message)
    }
  }

  /** The rows of the messages in a commit whose events have the seqs after `headSeq`. */
  compose(drafts: readonly EventDraft[], headSeq: number): ComposedSteering {
    const messages: MessageRecord[] = []
    let activityAt: number | null = null
    for (const [index, draft] of drafts.entries()) {
      const message = this.#messages.get(draft)
      if (!message) continue
      const placed = this.#place(message, headSeq + 1 + index)
      messages.push(placed)
      if (placed.steering?.state === 'PENDING') activityAt = placed.createdAt
      if (isSteeringMessage(placed)) this.#answerPosition = toAnswerMessagePosition(placed)
    }
    return { messages, activityAt }
  }

  /** The answer at its place: behind the messages that were applied to it. */
  placeAnswer(answer: MessageRecord | null): MessageRecord | null {
    return answer?.position === this.#answerPosition ? answer : answer && { ...answer, position: this.#answerPosition }
  }

  /** The seq of the event that accepted a message. Null before that is committed. */
  findAcceptedSeq(messageId: string): number | null {
    return this.#acceptedSeqs.get(messageId) ?? null
  }

  #place(message: MessageRecord, seq: number): MessageRecord {
    const { steering } = message
    if (!steering) return message
    if (steering.state === 'PENDING') this.#acceptedSeqs.set(message.id, seq)
    const acceptedSeq = this.#acceptedSeqs.get(message.id) ?? steering.acceptedSeq
    const hasPlace = steering.state === 'APPLIED' || steering.state === 'WITHDRAWN'
    return {
      ...message,
      position: hasPlace ? toUserMessagePosition(seq) : null,
      steering: { ...steering, acceptedSeq },
    }
  }
}
