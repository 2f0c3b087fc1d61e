import type { ProfileStorage } from '../storage/profile-storage.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'
import { CompactingError, createBusyError } from './runtime/session-errors.ts'

interface SessionLookups {
  readonly profile: Pick<ProfileStorage, 'commands' | 'eventStore'>
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

/** Throws SESSION_BUSY while a stream runs or is queued in one of the sessions, or one is compacted, in another process. */
export async function assertIdleElsewhere(
  ids: readonly string[],
  { commands, eventStore }: Pick<ProfileStorage, 'commands' | 'eventStore'>,
): Promise<void> {
  const busyId = await commands?.findForeignSession(ids)
  if (!busyId) return
  const stream = await eventStore.findActiveStream(busyId)
  throw stream ? createBusyError(stream) : new CompactingError()
}
