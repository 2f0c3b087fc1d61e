import { SegueError } from '../lib/errors.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'

interface SessionLookups {
  readonly profile: Pick<ProfileStorage, 'commands'>
  readonly activeSessions: ActiveSessions
}

/** Throws SESSION_BUSY while a stream runs or is queued in one of the sessions, in any process, or one is being compacted here. */
export async function assertSessionsIdle(
  ids: readonly string[],
  { profile, activeSessions }: SessionLookups,
): Promise<void> {
  for (const id of ids) activeSessions.find(id)?.assertIdle()
  await assertIdleElsewhere(ids, profile)
}

/** Throws SESSION_BUSY while a stream runs or is queued in one of the sessions, in another process. */
export async function assertIdleElsewhere(
  ids: readonly string[],
  { commands }: Pick<ProfileStorage, 'commands'>,
): Promise<void> {
  if (!commands) return
  const owners = await Promise.all(ids.map((sessionId) => commands.findOwner({ sessionId })))
  if (owners.some((owner) => owner !== null))
    throw new SegueError('SESSION_BUSY', 'An answer is streaming in this session. Wait for its end, or cancel it.')
}
