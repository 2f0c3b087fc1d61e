import { onWake } from '../environment/on-wake.ts'
import type { ReconnectOptions } from './reconnect-options.ts'

export interface IdleTimeoutOptions {
  /** How long nothing may arrive, in milliseconds. */
  readonly timeoutMs: number
  /** The same after the page has woken up: its connections may have died meanwhile. */
  readonly wakeTimeoutMs?: number
}

/** For a connection on which the server sends something all the time. */
export function createHeartbeatTimeout({ idleTimeoutMs }: ReconnectOptions): IdleTimeoutOptions {
  return { timeoutMs: idleTimeoutMs, wakeTimeoutMs: idleTimeoutMs * 0.4 }
}

/** Tells that nothing has arrived for too long. A connection can be dead without an error. */
export class IdleTimeout {
  readonly #timeoutMs: number
  readonly #onIdle: () => void
  readonly #removeWakeListener: () => void
  #deadline: number
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor({ timeoutMs, wakeTimeoutMs }: IdleTimeoutOptions, onIdle: () => void) {
    this.#timeoutMs = timeoutMs
    this.#onIdle = onIdle
    this.#deadline = Date.now() + timeoutMs
    this.#removeWakeListener =
      wakeTimeoutMs === undefined ? () => undefined : onWake(() => this.#check(Date.now() + wakeTimeoutMs))
    this.#check()
  }

  /** Something has arrived. */
  touch(): void {
    this.#deadline = Date.now() + this.#timeoutMs
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#removeWakeListener()
  }

  /** Timers stand still while a page is frozen, so the clock counts. Where it was set back, the time begins anew. */
  #check(maxDeadline = Date.now() + this.#timeoutMs): void {
    clearTimeout(this.#timer)
    const remainingMs = this.#deadline - Date.now()
    if (remainingMs <= 0) {
      this.stop()
      this.#onIdle()
      return
    }
    this.#deadline = Math.min(this.#deadline, maxDeadline)
    this.#timer = setTimeout(() => this.#check(), this.#deadline - Date.now())
  }
}
