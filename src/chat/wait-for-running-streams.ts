import type { StreamRecord } from '../model/stream.ts'
import type { EventLog } from './log/event-log.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'
import type { SessionActor } from './runtime/session-actor.ts'

export interface RunningStreamsOptions {
  readonly activeSessions: ActiveSessions
  readonly eventLog: EventLog
}

/**
 * Resolves when every stream has ended, or waits for something that may not come soon: for a person, for the time at which
 * its provider can be asked again, or in a queue. Resolves as well when the signal aborts.
 */
export async function waitForRunningStreams(
  { activeSessions, eventLog }: RunningStreamsOptions,
  signal: AbortSignal,
): Promise<void> {
  // An answer of a person lets a stream run again, while others are waited for.
  while (!signal.aborted && activeSessions.list().some(isRunning))
    await Promise.all(activeSessions.list().map((actor) => waitUntilNotRunning(actor, eventLog, signal)))
}

async function waitUntilNotRunning(actor: SessionActor, eventLog: EventLog, signal: AbortSignal): Promise<void> {
  const sessionId = actor.activeStream?.sessionId
  if (sessionId === undefined) return
  for (;;) {
    // Read before the state, so that no change of it is missed.
    const headSeq = await eventLog.loadHeadSeq(sessionId)
    if (headSeq === null || signal.aborted || !isRunning(actor)) return
    await eventLog.waitForMore(sessionId, { cursor: headSeq, subscribers: 0 }, signal)
  }
}

function isRunning({ activeRunner }: SessionActor): boolean {
  return activeRunner !== null && endsByItself(activeRunner.committed.stream)
}

function endsByItself({ status, retryAt }: StreamRecord): boolean {
  return status === 'RUNNING' && retryAt === undefined
}
