import { rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type ServerProcess, startServerProcess } from '../support/server/server-process.ts'
import type { ChaosServers } from './chaos-servers.ts'

export interface RestartableServerOptions {
  readonly env?: Readonly<Record<string, string>>
  /** How often a start may fail, because the database does not answer. */
  readonly maxFailedStarts?: number
}

/** The program in a process of its own, which is killed and started again with the same home. */
export class RestartableServer implements ChaosServers {
  readonly unavailableCodes = []
  readonly #home: string
  readonly #options: RestartableServerOptions
  #process: Promise<ServerProcess>
  #kills = 0
  #killing: Promise<void> | null = null
  #isReady = false
  #isSuspended = false
  #isStopped = false

  /** `home` is deleted when the server stops. */
  constructor(home: string, options: RestartableServerOptions = {}) {
    this.#home = home
    this.#options = options
    this.#process = this.#start()
  }

  /** How often it was killed. */
  get kills(): number {
    return this.#kills
  }

  /** Whether it is ready, and not suspended. */
  get isReacting(): boolean {
    return this.#isReady && !this.#isSuspended
  }

  /** The URL of the API, once the server is ready. */
  async url(): Promise<string> {
    return `${(await this.#process).url}/graphql`
  }

  /** Kills the server as `kill -9` does, and starts it again. Joins a kill that is not done yet. */
  kill(): Promise<void> {
    this.#killing ??= this.#restart().finally(() => (this.#killing = null))
    return this.#killing
  }

  async suspend(): Promise<void> {
    this.#isSuspended = true
    ;(await this.#process).process.kill('SIGSTOP')
  }

  async resume(): Promise<void> {
    ;(await this.#process).process.kill('SIGCONT')
    this.#isSuspended = false
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#process.then(({ stop }) => stop('SIGKILL')).catch(() => undefined)
    rmSync(this.#home, { recursive: true, force: true })
  }

  async #restart(): Promise<void> {
    const killed = await this.#process
    this.#kills += 1
    this.#isReady = false
    this.#process = killed.stop('SIGKILL').then(() => this.#start())
    await this.#process
  }

  async #start(): Promise<ServerProcess> {
    const { env = {}, maxFailedStarts = 0 } = this.#options
    for (let failures = 0; ; failures += 1) {
      try {
        const server = await startServerProcess({ argv: ['--port', '0', '--home', this.#home, '--no-hermes'], env })
        this.#isReady = true
        return server
      } catch (error) {
        if (failures >= maxFailedStarts || this.#isStopped) throw error
        await delay(200)
      }
    }
  }
}
