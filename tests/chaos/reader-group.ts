import { setTimeout as delay } from 'node:timers/promises'
import { ChaosReader, InvariantViolation } from './reader.ts'
import type { ChaosServers } from './chaos-servers.ts'
import type { SeededRandom } from './seeded-random.ts'

/** How long readers have to reach the end of their streams after the last action. */
const settleTimeoutMs = 30_000

/** The readers of a run. They read in the background; the first violation that one of them finds is kept. */
export class ReaderGroup {
  readonly #server: ChaosServers
  readonly #readers: ChaosReader[] = []
  readonly #tasks: Promise<void>[] = []
  #isStopped = false
  #violation: unknown = null

  constructor(server: ChaosServers) {
    this.#server = server
  }

  get readers(): readonly ChaosReader[] {
    return this.#readers
  }

  add(streamId: string, random: SeededRandom): void {
    const reader = new ChaosReader(streamId, random, () => this.#server.url())
    this.#readers.push(reader)
    this.addTask(reader.read(() => this.#isStopped))
  }

  /** Adds other work in the background. */
  addTask(task: Promise<void>): void {
    this.#tasks.push(
      task.catch((error: unknown) => {
        this.#violation ??= error
      }),
    )
  }

  /** Throws the first violation. */
  throwViolation(): void {
    if (this.#violation) throw this.#violation
  }

  /** Waits until every reader has reached the end of its stream. */
  async waitForEnds(): Promise<void> {
    const limit = delay(settleTimeoutMs, 'late', { ref: false })
    const all = Promise.all(this.#tasks).then(() => 'all')
    if ((await Promise.race([all, limit])) === 'late') {
      const open = this.#readers
        .filter((reader) => !reader.end)
        .map((reader) => `${reader.streamId} at ${reader.cursor}`)
      throw new InvariantViolation(
        `These readers have not reached the end after ${settleTimeoutMs} ms: ${open.join(', ')}.`,
      )
    }
    this.throwViolation()
  }

  /** Tells the readers to stop. They do once their server is stopped. */
  stop(): void {
    this.#isStopped = true
  }

  async waitForStop(): Promise<void> {
    await Promise.allSettled(this.#tasks)
  }
}
