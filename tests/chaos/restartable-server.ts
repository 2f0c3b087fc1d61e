import { rmSync } from 'node:fs'
import { type ServerProcess, startServerProcess } from '../support/server/server-process.ts'

/** The program in a process of its own, which is killed and started again with the same home. */
export class RestartableServer {
  readonly #home: string
  readonly #env: Readonly<Record<string, string>>
  #process: Promise<ServerProcess>
  #kills = 0
  #killing: Promise<void> | null = null

  /** `home` is deleted when the server stops. */
  constructor(home: string, env: Readonly<Record<string, string>> = {}) {
    this.#home = home
    this.#env = env
    this.#process = this.#start()
  }

  /** How often it was killed. */
  get kills(): number {
    return this.#kills
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

  async stop(): Promise<void> {
    await (await this.#process).stop('SIGKILL')
    rmSync(this.#home, { recursive: true, force: true })
  }

  async #restart(): Promise<void> {
    const killed = await this.#process
    this.#kills += 1
    this.#process = killed.stop('SIGKILL').then(() => this.#start())
    await this.#process
  }

  #start(): Promise<ServerProcess> {
    return startServerProcess({ argv: ['--port', '0', '--home', this.#home, '--no-hermes'], env: this.#env })
  }
}
