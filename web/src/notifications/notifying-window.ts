const notifierLock = 'segue.notifier'
const visibleLock = 'segue.visible'

/** Which of the open windows shows notifications: the first one that was opened, and none while one of them can be seen. */
export class NotifyingWindow {
  #isNotifier = false
  readonly #leaving = new AbortController()
  #hide = (): void => {}

  constructor() {
    document.addEventListener('visibilitychange', this.#onVisibilityChange)
    this.#onVisibilityChange()
    this.#hold(notifierLock, 'exclusive', (release) => {
      this.#isNotifier = true
      this.#leaving.signal.addEventListener('abort', release)
    })
  }

  /** Whether this window shows a notification now. */
  async canNotify(): Promise<boolean> {
    if (!this.#isNotifier || !document.hidden) return false
    const { held = [] } = await navigator.locks.query()
    return held.every(({ name }) => name !== visibleLock)
  }

  /** Leaves it to the others. */
  close(): void {
    document.removeEventListener('visibilitychange', this.#onVisibilityChange)
    this.#isNotifier = false
    this.#leaving.abort()
    this.#hide()
  }

  readonly #onVisibilityChange = (): void => {
    this.#hide()
    this.#hide = () => {}
    if (document.hidden) return
    const hiding = Promise.withResolvers<void>()
    this.#hide = hiding.resolve
    this.#hold(visibleLock, 'shared', (release) => void hiding.promise.then(release))
  }

  /** Waits for a lock, and holds it until `release` is called. */
  #hold(name: string, mode: LockMode, onHeld: (release: () => void) => void): void {
    const { signal } = this.#leaving
    const whileHeld = (): Promise<void> => new Promise((resolve) => onHeld(resolve))
    navigator.locks.request(name, { mode, signal }, whileHeld).catch(() => {
      // The window has left before it was its turn.
    })
  }
}
