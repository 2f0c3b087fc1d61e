import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { CommandChannel } from '../../storage/installation/command-channel.ts'
import { StorageError } from '../../storage/errors.ts'

interface SessionClaimOptions {
  /** Null where a home belongs to one process: there is nobody to claim it from. */
  readonly commands: CommandChannel | null
  readonly runtime: Pick<ClockAndIds, 'setTimer'>
}

const retryDelayMs = 1_000

/** Keeps other processes from starting streams in a session that this one compacts: they forward them to it. */
export class SessionClaim {
  readonly #sessionId: string
  readonly #options: SessionClaimOptions
  #taking: Promise<boolean> | null = null

  constructor(sessionId: string, options: SessionClaimOptions) {
    this.#sessionId = sessionId
    this.#options = options
  }

  /** Resolves to false if another process runs a stream in the session, or compacts it. */
  async take(): Promise<boolean> {
    this.#taking = this.#options.commands?.claimSession(this.#sessionId) ?? null
    return this.#taking ?? true
  }

  /** Tries again later while the storage fails: nobody else can. Never rejects. */
  async release(): Promise<void> {
    const { commands, runtime } = this.#options
    // It may be on its way, and one that has failed may have been committed.
    const isTaken = await this.#taking?.catch(() => true)
    if (!isTaken || !commands) return
    try {
      await commands.releaseSession(this.#sessionId)
      this.#taking = null
    } catch (error) {
      // The profile was closed otherwise.
      if (error instanceof StorageError) runtime.setTimer(retryDelayMs, () => void this.release())
    }
  }
}
