import { existsSync } from 'node:fs'
import { withTimeout } from '../../lib/async/with-timeout.ts'
import type { Logger } from '../../lib/logger.ts'
import type { HermesIndex } from '../../storage/installation/hermes-index.ts'
import type { HermesStatus } from '../../storage/sessions/hermes-status.ts'
import { HermesSessionReader } from '../hermes-session-reader.ts'
import { HermesPublisher } from './hermes-publisher.ts'
import { unreachableMessage } from './remote-hermes-source.ts'

export interface SharedHermesAgentOptions {
  readonly index: HermesIndex
  /** The state.db on this machine. It may be missing. Null if Hermes is turned off here. */
  readonly path: string | null
  readonly profile: string
  /** See `HermesClaim`. */
  readonly firstStartedAt: number
  /** How often this process tries to become the reader, or tells that it is. Default: 2,500. */
  readonly intervalMs?: number
  readonly log: Logger
}

/** What the process that reads works with. */
interface LocalHermes {
  readonly reader: HermesSessionReader
  readonly publisher: HermesPublisher
}

const defaultIntervalMs = 2_500
/** A list shows what was read until then. */
const maxPublishingMs = 2_000

/**
 * The Hermes agent of a profile where several processes share a database. One of those that have its files reads them, as long
 * as it lives, and stores what it finds for all. Then another one takes over.
 */
export class SharedHermesAgent {
  readonly #options: SharedHermesAgentOptions
  readonly #timer: NodeJS.Timeout | undefined
  /** Set while this process is the reader. */
  #local: LocalHermes | null = null
  #elections: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: SharedHermesAgentOptions) {
    this.#options = options
    if (options.path === null) return
    this.#elect()
    this.#timer = setInterval(() => this.#elect(), options.intervalMs ?? defaultIntervalMs).unref()
  }

  /** What reads the files, if this process does. */
  async findLocalReader(): Promise<HermesSessionReader | null> {
    if (!this.#local) await this.#elections
    return this.#local?.reader ?? null
  }

  /** If this process reads: resolves when all can see what Hermes has written, or after a while. */
  async publish(): Promise<void> {
    if (!(await this.findLocalReader())) return
    const published = this.#local?.publisher.publish() ?? Promise.resolve()
    // Reads do not fail because of it: the next election tries again.
    await withTimeout(maxPublishingMs, 'It takes longer.', () => published).catch(() => undefined)
  }

  async loadStatus(): Promise<HermesStatus> {
    const reader = await this.findLocalReader()
    if (reader) return reader.loadStatus()
    const agent = await this.#options.index.findAgent()
    if (!agent) return { state: this.#options.path === null ? 'DISABLED' : 'NOT_FOUND', error: null }
    return agent.reader === null ? { state: 'UNREACHABLE', error: unreachableMessage } : agent.status
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#elections
    await this.#stopReading()
  }

  #elect(): void {
    this.#elections = this.#elections.then(async () => {
      try {
        if (!this.#isClosed) await this.#becomeReader()
      } catch (error) {
        this.#options.log.warn(
          { err: error },
          'Whether this process is to read Hermes could not be found out; trying again.',
        )
      }
    })
  }

  async #becomeReader(): Promise<void> {
    const { index, path, firstStartedAt } = this.#options
    if (path === null || !(this.#local || existsSync(path))) return
    const status = (await this.#local?.reader.loadStatus()) ?? { state: 'FOUND', error: null }
    if (!(await index.claim({ status, firstStartedAt }))) return this.#stopReading()
    this.#local ??= this.#startReading(path)
    if (status.state === 'NOT_FOUND') await this.#local.publisher.clear()
    else this.#local.publisher.schedule()
  }

  #startReading(path: string): LocalHermes {
    const { index, profile, log } = this.#options
    // The index of the process is in memory: processes on one machine may have the same home.
    const reader = new HermesSessionReader({
      ...{ path, profile, log },
      onSessionsChanged: (ids) => publisher.add(ids),
    })
    const publisher = new HermesPublisher({ reader, index, log, onReplaced: () => this.#elect() })
    reader.warmUp()
    return { reader, publisher }
  }

  async #stopReading(): Promise<void> {
    const local = this.#local
    this.#local = null
    if (!local) return
    await local.reader.close()
    await this.#options.index.release().catch(() => undefined)
  }
}
