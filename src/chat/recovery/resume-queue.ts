import type { StreamRecord } from '../../model/stream.ts'
import type { CombinedSessionRepository } from '../../sessions/combined-session-repository.ts'
import type { ActiveSessions } from '../runtime/active-sessions.ts'
import type { SessionActors } from '../runtime/session-actors.ts'

export interface QueueResumptionDependencies {
  readonly sessions: Pick<CombinedSessionRepository, 'find'>
  readonly activeSessions: ActiveSessions
  readonly actors: SessionActors
}

/** Goes on with the queued streams of a session, in order, which this process owns now. */
export async function resumeQueue(
  queued: readonly StreamRecord[],
  { sessions, activeSessions, actors }: QueueResumptionDependencies,
): Promise<void> {
  const [first] = queued
  const session = first ? await sessions.find(first.sessionId) : null
  if (!session) return
  const actor = actors.getOrCreate(session)
  for (const stream of queued) activeSessions.registerStream(stream.id, actor)
  await actor.resume(queued)
}
