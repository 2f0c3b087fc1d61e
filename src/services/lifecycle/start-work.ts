import type { ChatService } from '../../chat/chat-service.ts'
import type { Scheduler } from '../../jobs/scheduler.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Telemetry } from '../../lib/telemetry/telemetry.ts'
import { handleNotifications } from '../../storage/handle-notifications.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import { findStorageProblem } from '../../storage/health/storage-problem.ts'

interface RecoveryOptions {
  readonly log: Logger
  readonly telemetry?: Telemetry
}

interface StartedWork {
  readonly chats: ChatService
  readonly scheduler: Scheduler
  readonly profile: Pick<ProfileStorage, 'health' | 'changes'>
}

/** When the recovery of streams is tried again, in milliseconds. */
const recoveryRetryMs = 5_000

/** Recovers streams and starts the scheduler. While the disk is full or fails, everything can be read; this is done later. */
export async function startWork(work: StartedWork, options: RecoveryOptions): Promise<void> {
  const { health } = work.profile
  let isStarted = false
  const tryToStart = async (): Promise<void> => {
    isStarted = true
    await start(work, options).catch((error: unknown) => {
      if (findStorageProblem(error) === null) throw error
      isStarted = false
    })
  }
  await tryToStart()
  if (isStarted) return
  health.onChange(() => {
    if (health.problem !== null || isStarted) return
    tryToStart().catch((error: unknown) =>
      options.log.error({ err: error }, 'Unfinished streams could not be recovered.'),
    )
  })
}

async function start({ chats, scheduler, profile }: StartedWork, options: RecoveryOptions): Promise<void> {
  const { version } = profile.changes.orphans
  await recoverStreams(chats, options)
  await scheduler.start()
  // What other processes leave when they die.
  void handleNotifications({
    notifier: profile.changes.orphans,
    sinceVersion: version,
    handle: async () => {
      await recoverStreams(chats, options)
      await scheduler.endOrphanedRuns()
    },
    onError: (error) =>
      options.log.error({ err: error }, 'What another process left unfinished could not be recovered.'),
    retryAfterMs: recoveryRetryMs,
  })
}

async function recoverStreams(chats: ChatService, { log, telemetry }: RecoveryOptions): Promise<void> {
  const recovered = await chats.recover()
  telemetry?.countRecoveredStreams(recovered)
  if (recovered > 0) log.info({ streams: recovered }, 'Ended the streams that another process left unfinished.')
}
