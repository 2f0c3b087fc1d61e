import type { Logger } from '../../lib/logger.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { EventStore } from '../../storage/event-store.ts'
import type { ActiveSessions } from '../runtime/active-sessions.ts'
import { ignoreForeignEnd } from '../streaming/is-stream-already-ended.ts'

export interface ForeignStreamEndOptions {
  readonly store: Pick<EventStore, 'findStreams' | 'onForeignAppend'>
  readonly activeSessions: Pick<ActiveSessions, 'find' | 'list'>
  readonly log: Logger
}

/**
 * Has streams end here that another process has ended, because this one did not react in time: it may have been suspended.
 * Without that, a session would be busy here until its agent says something and cannot save it.
 */
export function followForeignStreamEnds({ store, activeSessions, log }: ForeignStreamEndOptions): void {
  const endIfEnded = async (sessionId: string | null): Promise<void> => {
    const actors = sessionId === null ? activeSessions.list() : [activeSessions.find(sessionId)]
    const runners = actors.flatMap((actor) => (actor?.activeRunner?.isFinishing === false ? actor.activeRunner : []))
    if (runners.length === 0) return
    const stored = await store.findStreams(runners.map(({ committed }) => committed.stream.id))
    const storedById = new Map(stored.map((stream) => [stream.id, stream]))
    for (const runner of runners) {
      const { stream } = runner.committed
      // Its fence refuses whatever this process writes, so nothing is saved twice.
      if (isOf(stream, storedById.get(stream.id))) continue
      await runner.finish({ status: 'INTERRUPTED' }).catch(ignoreForeignEnd)
    }
  }
  store.onForeignAppend((sessionId) => {
    endIfEnded(sessionId).catch((error: unknown) =>
      log.warn({ err: error }, 'Whether another process has ended streams of this one could not be read.'),
    )
  })
}

/** Whether the process that has this stream still runs it. */
function isOf({ generation }: StreamRecord, stored: StreamRecord | undefined): boolean {
  return stored !== undefined && stored.finishedAt === null && stored.generation === generation
}
