import type { ChatService } from '../../chat/chat-service.ts'
import type { Scheduler } from '../../jobs/scheduler.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Telemetry } from '../../lib/telemetry/telemetry.ts'
import { handleNotifications } from '../../storage/handle-notifications.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import { logUnlessStorageProblem } from '../../storage/health/log-unless-storage-problem.ts'
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

/** When a recovery that has failed is tried again, in milliseconds: later each time. */
const recoveryRetryMs = 5_000
const failureMessage = 'What another process left unfinished could not be recovered. Retrying.'

/**
 * Recovers streams and starts the scheduler. While the disk is full or fails, everything can be read; this is done later. A stream
 * that cannot be ended for another reason is logged, and tried again later.
 */
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
  const { orphans } = profile.changes
  const { version } = orphans
  const logFailure = logUnlessStorageProblem(options.log, failureMessage)
  await recoverStreams(chats, options).catch((error: unknown) => {
    logFailure(error)
    // Has it tried again below.
    orphans.notify()
  })
  await scheduler.start()
  // What other processes leave when they die.
  void handleNotifications({
    notifier: orphans,
    sinceVersion: version,
    handle: async () => {
      const errors: unknown[] = []
      // A run ends with what its stream has used.
      for (const recover of [() => recoverStreams(chats, options), () => scheduler.endOrphanedRuns()])
        await recover().catch((error: unknown) => errors.push(error))
      if (errors.length > 0) throw errors[0]
    },
    onError: (error) => options.log.error({ err: error }, failureMessage),
    retryAfterMs: recoveryRetryMs,
  })
}

async function recoverStreams(chats: ChatService, { log, telemetry }: RecoveryOptions): Promise<void> {
  const recovered = await chats.recover()
  telemetry?.countRecoveredStreams(recovered)
  if (recovered > 0) log.info({ streams: recovered }, 'Ended the streams that another process left unfinished.')
}
