import type { MessageRecord } from '../../../model/message.ts'
import type { StreamRecord } from '../../../model/stream.ts'

/** The answers that are streaming now, as far as they are committed. */
export interface StreamingAnswerLookup {
  /** The running stream of a session. Null if none runs. */
  findCommittedState(sessionId: string): StreamingAnswer | null
  /** A running stream by id. Null if it does not run. */
  findCommittedStateOfStream(streamId: string): StreamingAnswer | null
  /** A streaming message by id. Null if it is not streaming. */
  findStreamingMessage(messageId: string): MessageRecord | null
  /** All streaming messages of the profile. */
  listStreamingMessages(): MessageRecord[]
}

export interface StreamingAnswer {
  readonly stream: StreamRecord
  /** Null until something was produced. */
  readonly answer: MessageRecord | null
}
