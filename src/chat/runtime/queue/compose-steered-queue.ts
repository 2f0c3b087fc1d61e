import type { StreamRecord } from '../../../model/stream.ts'
import type { AppendBatch } from '../../log/event-log-writer.ts'
import type { StreamRunnerOptions } from '../../streaming/stream-runner-options.ts'
import type { QueuedTurn } from '../../turn/new-turn.ts'
import type { QueuedStreams } from './queued-streams.ts'

/**
 * What is committed with the end of an answer that messages were to join: they are queued before everything else, and behind
 * a message that takes the place of the answer. `headSeq` is the seq before the events of `endBatch`.
 */
export function composeSteeredQueue(
  queue: Pick<QueuedStreams, 'composePrepend'>,
  turns: readonly QueuedTurn[],
  endBatch: AppendBatch,
  headSeq: number,
): AppendBatch {
  if (turns.length === 0) return endBatch
  const startedIds = new Set((endBatch.streams ?? []).map(({ id }) => id))
  const queued = queue.composePrepend(turns, startedIds)(headSeq + endBatch.drafts.length)
  return {
    ...endBatch,
    drafts: [...endBatch.drafts, ...queued.drafts],
    streams: [...(endBatch.streams ?? []), ...(queued.streams ?? [])],
    messages: [...(endBatch.messages ?? []), ...(queued.messages ?? [])],
    onCommitted: () => {
      endBatch.onCommitted?.()
      queued.onCommitted?.()
    },
  }
}

/** Composes what is committed at the end of an answer. `onQueued` is called when a stream is queued, before readers are notified. */
export function createSteeredQueueComposer(
  queue: Pick<QueuedStreams, 'composePrepend'>,
  onQueued: (stream: StreamRecord) => void,
): StreamRunnerOptions['queueSteered'] {
  return (turns, endBatch, headSeq) => {
    const onCommitted = (): void => {
      for (const { stream } of turns) onQueued(stream)
      endBatch.onCommitted?.()
    }
    return composeSteeredQueue(queue, turns, { ...endBatch, onCommitted }, headSeq)
  }
}
