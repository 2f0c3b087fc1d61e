import type { StreamRecord } from './stream.ts'

/**
 * PENDING: accepted. APPLIED: in the context of a request to the model. QUEUED: the answer ended first, so that the message
 * has a stream of its own. WITHDRAWN: a person stopped the answer, or took the message back.
 */
export type SteeringState = 'PENDING' | 'APPLIED' | 'QUEUED' | 'WITHDRAWN'

/** How a user's message joined an answer that was running. */
export interface Steering {
  readonly state: SteeringState
  /** The stream that it joined. */
  readonly streamId: string
  /** The seq of the event that accepted it: the order of the messages that joined a stream. 0 until that is committed. */
  readonly acceptedSeq: number
  /** Set if APPLIED: the first step that had it. */
  readonly step?: number
  /** Set if APPLIED: the index of the part of the answer before which it is shown. */
  readonly partIndex?: number
  /** Set while PENDING: the stream that answers it if the answer ends first. */
  readonly ownStream?: StreamRecord
  /** Set if it was withdrawn because a person stopped the answer. */
  readonly withdrawnWithStream?: true
}

/** How many messages may join one answer. */
export const maxSteeredMessages = 100
