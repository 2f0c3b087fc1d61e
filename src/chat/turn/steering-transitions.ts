import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SteeringState } from '../../model/steering.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { QueuedTurn } from './new-turn.ts'
import type { StreamEnding } from './stream-ending.ts'
import { TurnTransitionBuilder } from './turn-transition-builder.ts'
import type { TurnState, TurnTransition } from './turn.ts'

/** A message joins the running stream. `ownStream` is the stream that answers it if this one ends before. */
export function acceptSteering(
  turn: TurnState,
  userMessage: MessageRecord,
  ownStream: StreamRecord,
  runtime: ClockAndIds,
): TurnTransition {
  const transition = new TurnTransitionBuilder(turn, runtime)
  const { id: streamId } = turn.stream
  const steering = { state: 'PENDING', streamId, acceptedSeq: 0, ownStream } as const
  // It is no turn of its own.
  const { turnId: _, ...message } = userMessage
  transition.emitSteering({ ...message, streamId, steering })
  return transition.toTransition()
}

/** All pending messages go into the context of the next request, or of the one that is sent again. */
export function applyPendingSteering(turn: TurnState, isSentAgain: boolean, runtime: ClockAndIds): TurnTransition {
  const transition = new TurnTransitionBuilder(turn, runtime)
  const pending = listPendingSteering(turn)
  if (pending.length > 0) transition.closeBlock()
  const step = isSentAgain ? (turn.currentStep ?? 0) : (turn.currentStep ?? -1) + 1
  for (const message of pending)
    transition.emitSteering(changeSteering(message, 'APPLIED', { step, partIndex: transition.nextPartIndex }))
  return transition.toTransition()
}

/** A person takes a pending message back. Changes nothing if it is not pending. */
export function withdrawSteering(turn: TurnState, messageId: string, runtime: ClockAndIds): TurnTransition {
  const transition = new TurnTransitionBuilder(turn, runtime)
  const message = listPendingSteering(turn).find(({ id }) => id === messageId)
  if (message) transition.emitSteering({ ...changeSteering(message, 'WITHDRAWN'), withdrawn: true })
  return transition.toTransition()
}

/** What becomes of the messages that are pending when the stream ends: withdrawn by a stop, queued by any other end. */
export function endPendingSteering(transition: TurnTransitionBuilder, ending: StreamEnding): void {
  const isStopped = ending.status === 'CANCELLED' && !ending.isReplaced
  for (const message of listPendingSteering(transition.turn)) {
    if (isStopped) {
      const withdrawn = changeSteering(message, 'WITHDRAWN', { withdrawnWithStream: true })
      transition.emitSteering({ ...withdrawn, withdrawn: true })
    } else transition.emitSteering(toQueuedMessage(message))
  }
}

function toQueuedMessage(message: MessageRecord): MessageRecord {
  const streamId = message.steering?.ownStream?.id ?? null
  return { ...changeSteering(message, 'QUEUED'), streamId, turnId: message.id }
}

export function listPendingSteering({ steered }: TurnState): MessageRecord[] {
  return steered.filter(({ steering }) => steering?.state === 'PENDING')
}

/** The turns of the messages that an end has queued: those of `ended` that were pending in `before`. */
export function listQueuedTurns(before: TurnState, ended: TurnState): QueuedTurn[] {
  return listPendingSteering(before).flatMap(({ id, steering }) => {
    const userMessage = ended.steered.find((message) => message.id === id && message.steering?.state === 'QUEUED')
    return userMessage && steering?.ownStream ? [{ stream: steering.ownStream, userMessage }] : []
  })
}

function changeSteering(
  message: MessageRecord,
  state: SteeringState,
  fields: Partial<NonNullable<MessageRecord['steering']>> = {},
): MessageRecord {
  const { steering } = message
  if (!steering) return message
  const { ownStream: _, ...others } = steering
  return { ...message, steering: { ...others, state, ...fields } }
}
