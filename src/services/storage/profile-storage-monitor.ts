import { SegueError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Readiness } from '../../lib/telemetry/readiness.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import { DatabaseTooNewError, DatabaseUnusableError } from '../../storage/errors.ts'
import type { StorageHealth, StorageProblem } from '../../storage/health/storage-health.ts'
import type { ProfileServices } from '../profile-services.ts'
import type { OpeningObserver, OpenProfiles } from '../open-profiles.ts'

export interface ProfileStorageMonitorOptions {
  readonly readiness: Readiness
  readonly log: Logger
  readonly getProfiles: () => Pick<OpenProfiles, 'get' | 'isClosing' | 'close'>
}

/**
 * Tells `/ready` of the storage of every profile, and ends what cannot go on: the answers of a profile whose database was
 * deleted or replaced, with `default` the server, and the server if the home was lost. A problem of another profile costs only that profile.
 */
export class ProfileStorageMonitor implements OpeningObserver {
  readonly #options: ProfileStorageMonitorOptions
  readonly #failure = Promise.withResolvers<void>()
  #isStarted = false

  constructor(options: ProfileStorageMonitorOptions) {
    this.#options = options
  }

  /** Resolves if the server cannot continue. */
  get failed(): Promise<void> {
    return this.#failure.promise
  }

  /** From now on, profiles that cannot be opened are logged. Before, whoever starts the server shows the error. */
  onStarted(): void {
    this.#isStarted = true
  }

  /** Rejects like `opening`, unless the profile cannot be opened because of its database, and the server works without it. */
  async tolerateDamage(name: string, opening: Promise<unknown>): Promise<void> {
    await opening.catch((error: unknown) => {
      if (!isDamageOfOneProfile(name, error)) throw error
    })
  }

  onOpened(name: string, { profile }: Pick<ProfileServices, 'profile'>): void {
    this.onChange(name, profile.health)
  }

  onOpenFailed(name: string, error: unknown): void {
    const isStopping = error instanceof SegueError && error.code === 'SHUTTING_DOWN'
    if (isStopping || !(this.#isStarted || isDamageOfOneProfile(name, error))) return
    this.#options.log.error({ err: error, profile: name }, 'A profile could not be opened.')
    this.#report(name, `The profile ${name} cannot be opened. See the log, and run \`segue doctor\`.`)
  }

  /** A problem or the notice of an open profile has begun, changed or ended. */
  onChange(name: string, { problem, notice }: Pick<StorageHealth, 'problem' | 'notice'>): void {
    const { readiness } = this.#options
    if (notice === null) readiness.resolve(`search:${name}`)
    else readiness.report(`search:${name}`, notice, { isBlocking: false })
    this.#onProblem(name, problem)
  }

  #onProblem(name: string, problem: StorageProblem | null): void {
    if (problem === null) return this.#options.readiness.resolve(toComponent(name))
    this.#report(name, problem.message)
    if (problem.kind === 'HOME_LOST') this.#failure.resolve()
    if (problem.kind === 'REPLACED') void this.#endReplaced(name, problem)
  }

  #report(name: string, message: string): void {
    this.#options.readiness.report(toComponent(name), message, { isBlocking: name === defaultProfileName })
  }

  async #endReplaced(name: string, { message }: StorageProblem): Promise<void> {
    const profiles = this.#options.getProfiles()
    const services = profiles.get(name)
    await services?.chats.failRunning({ code: 'STORAGE', message })
    if (name === defaultProfileName) return this.#failure.resolve()
    // It is opened again when it is needed.
    if (services && !profiles.isClosing(name))
      await profiles.close(name, () => services.close(new SegueError('STORAGE', message)))
  }
}

/** Whether a profile other than `default` cannot be opened because of its database: the server works without it. */
function isDamageOfOneProfile(name: string, error: unknown): boolean {
  const isDatabaseError = error instanceof DatabaseUnusableError || error instanceof DatabaseTooNewError
  return name !== defaultProfileName && isDatabaseError
}

/** What clients are told of an error that kept a profile from being opened. The log has the error itself. */
export function toPublicOpenError(name: string, error: unknown): SegueError {
  if (error instanceof SegueError) return error
  const code = error instanceof DatabaseUnusableError ? 'STORAGE' : 'INTERNAL'
  return new SegueError(code, `The profile ${name} cannot be opened. The server's log says why.`)
}

const toComponent = (name: string): string => `storage:${name}`
