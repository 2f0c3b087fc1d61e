import type { SegueError } from '../errors.ts'
import { TaskTracker } from './task-tracker.ts'

/** Runs tasks until it is closed, and keeps track of them, so that a shutdown can wait for them. */
export class TaskGate {
  readonly #tasks = new TaskTracker()
  #closeReason: SegueError | null = null

  get activeCount(): number {
    return this.#tasks.activeCount
  }

  /** Runs a task, or rejects with the reason for closing. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    this.assertOpen()
    return this.#tasks.run(task)
  }

  /** Throws the reason for closing. */
  assertOpen(): void {
    if (this.#closeReason) throw this.#closeReason
  }

  /** Refuses further tasks with `reason`. The first reason counts. */
  close(reason: SegueError): void {
    this.#closeReason ??= reason
  }

  async waitUntilIdle(): Promise<void> {
    await this.#tasks.waitUntilIdle()
  }
}
