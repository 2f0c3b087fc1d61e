import { setTimeout as delay } from 'node:timers/promises'
import type { ChaosServers } from './chaos-servers.ts'
import type { RestartableServer } from './restartable-server.ts'
import type { SeededRandom } from './seeded-random.ts'

/** Several servers with one database. Each request, and each reader that connects, gets a random one. */
export class ServerGroup implements ChaosServers {
  readonly unavailableCodes = ['STORAGE']
  readonly #servers: readonly RestartableServer[]
  readonly #random: SeededRandom

  constructor(servers: readonly RestartableServer[], random: SeededRandom) {
    this.#servers = servers
    this.#random = random
  }

  get kills(): number {
    return this.#servers.reduce((sum, server) => sum + server.kills, 0)
  }

  url(): Promise<string> {
    const reacting = this.#servers.filter(({ isReacting }) => isReacting)
    return this.#random.pick(reacting.length > 0 ? reacting : this.#servers).url()
  }

  /** Resolves at once: the others go on meanwhile. */
  async kill(): Promise<void> {
    const running = this.#servers.filter(({ isReacting }) => isReacting)
    if (running.length > 0) void this.#random.pick(running).kill()
  }

  /** Stops one for a time, in which it does nothing and learns of nothing, as a machine does that is suspended. */
  async suspend(durationMs: number): Promise<void> {
    const running = this.#servers.filter(({ isReacting }) => isReacting)
    if (running.length < 2) return
    const server = this.#random.pick(running)
    await server.suspend()
    await delay(durationMs)
    await server.resume()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()))
  }
}
