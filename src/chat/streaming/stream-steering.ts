import { SegueError } from '../../lib/errors.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import { isSteeringMessage, type MessageRecord } from '../../model/message.ts'
import { maxSteeredMessages } from '../../model/steering.ts'
import { createCompletedIdempotencyKeyRecord, type IdempotencyKey } from '../../storage/idempotency-key.ts'
import type { NewTurn } from '../turn/new-turn.ts'
import {
  acceptSteering,
  applyPendingSteering,
  listPendingSteering,
  withdrawSteering,
} from '../turn/steering-transitions.ts'
import type { RunningStreamForDecisions } from './stream-decisions.ts'

/** The messages that join one running stream: they are in its context from its next request on. */
export class StreamSteering {
  readonly #stream: RunningStreamForDecisions
  readonly #runtime: ClockAndIds
  /** Of the calls whose messages were accepted. */
  readonly #acceptedKeys = new Set<string>()

  constructor(stream: RunningStreamForDecisions, runtime: ClockAndIds) {
    this.#stream = stream
    this.#runtime = runtime
  }

  /** Whether a message waits for the next request. */
  get hasPending(): boolean {
    return !this.#stream.isFinishing && listPendingSteering(this.#stream.turn).length > 0
  }

  /** The messages that are in the context, in the order in which they were accepted. */
  get applied(): MessageRecord[] {
    const { steered, answerBase } = this.#stream.turn
    // Only the commit knows the place.
    return steered.flatMap((message) =>
      isSteeringMessage(message) ? [{ ...message, position: answerBase.position }] : [],
    )
  }

  /**
   * Adds a message, with the key of its call. Resolves to the seq of the event that accepted it, once that is committed. To
   * null, after the end of the stream, if it was ending. Throws RATE_LIMITED, and STALE if a call with the key was accepted
   * before: that other process may repeat it at the same moment.
   */
  async accept({ userMessage, stream, idempotencyKey }: NewTurn): Promise<number | null> {
    await this.#stream.waitForHandover()
    if (this.#stream.isFinishing) {
      await this.#stream.waitForEnd()
      return null
    }
    const { turn, committer } = this.#stream
    if (turn.steered.length >= maxSteeredMessages) {
      const message = `${maxSteeredMessages} messages have joined this answer already. Queue the message, or wait for the end.`
      throw new SegueError('RATE_LIMITED', message)
    }
    if (idempotencyKey && this.#acceptedKeys.has(idempotencyKey.key)) {
      await committer.flush()
      throw new SegueError('STALE', 'This message has joined the answer already.')
    }
    if (idempotencyKey) this.#acceptedKeys.add(idempotencyKey.key)
    const key = idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey, { createdId: userMessage.id })
    this.#stream.apply(acceptSteering(turn, userMessage, stream, this.#runtime), key)
    await committer.flush()
    // It could not be committed: then the stream ends, and the message is committed with the end.
    const isAccepted = committer.findAcceptedSeq(userMessage.id) !== null && !this.#stream.isFinishing
    if (!isAccepted) await this.#stream.waitForEnd()
    return committer.findAcceptedSeq(userMessage.id) ?? 0
  }

  /** Takes a pending message back, with the key of the call. Resolves to whether it was pending, once that is committed. */
  async withdraw(messageId: string, idempotencyKey: IdempotencyKey | null): Promise<boolean> {
    await this.#stream.waitForHandover()
    const isOpen = !this.#stream.isFinishing
    const transition = withdrawSteering(this.#stream.turn, messageId, this.#runtime)
    const isPending = isOpen && transition.events.length > 0
    // Another process may have sent the same call: its key can be found then.
    if (!isPending && !idempotencyKey) return false
    if (isPending) this.#stream.apply(transition, idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey))
    await this.#stream.committer.flush()
    if (this.#stream.isFinishing) await this.#stream.waitForEnd()
    return isPending
  }

  /** Puts all pending messages into the context of the next request. `isSentAgain`: of the newest one, which was refused. */
  applyPending(isSentAgain: boolean): void {
    if (this.#stream.isFinishing) return
    const transition = applyPendingSteering(this.#stream.turn, isSentAgain, this.#runtime)
    if (transition.events.length > 0) this.#stream.apply(transition, null)
  }
}
