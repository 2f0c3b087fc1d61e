import type { ProfileServices } from './profile-services.ts'

const failureCacheMs = 5000 // milliseconds; without it, every read would wait for a broken profile again

/** Is told when a profile was opened, or could not be. */
export interface OpeningObserver {
  onOpened(name: string, services: ProfileServices): void
  onOpenFailed(name: string, error: unknown): void
}

export interface OpenProfilesOptions {
  readonly open: (name: string) => Promise<ProfileServices>
  readonly observer: OpeningObserver
}

/** The services that are open, by profile name. Opens and closes each profile once, however many callers want it. */
export class OpenProfiles {
  readonly #options: OpenProfilesOptions
  readonly #openings = new Map<string, Promise<ProfileServices>>()
  readonly #opened = new Map<string, ProfileServices>()
  readonly #closings = new Map<string, Promise<void>>()

  constructor(options: OpenProfilesOptions) {
    this.#options = options
  }

  /** The names of the profiles that are open, or being opened. Includes those that failed to open a moment ago. */
  get names(): string[] {
    return [...this.#openings.keys()]
  }

  /** The services that are open now. */
  get services(): ProfileServices[] {
    return [...this.#opened.values()]
  }

  get(name: string): ProfileServices | null {
    return this.#opened.get(name) ?? null
  }

  /** Opens a profile unless it is open. Remembers a failure for 5 seconds. */
  getOrOpen(name: string): Promise<ProfileServices> {
    const existing = this.#openings.get(name)
    if (existing) return existing
    const opening = this.#options.open(name)
    this.#openings.set(name, opening)
    opening.then(
      (services) => {
        this.#opened.set(name, services)
        this.#options.observer.onOpened(name, services)
      },
      (error: unknown) => {
        this.#options.observer.onOpenFailed(name, error)
        setTimeout(() => {
          if (this.#openings.get(name) === opening) this.#openings.delete(name)
        }, failureCacheMs).unref()
      },
    )
    return opening
  }

  isClosing(name: string): boolean {
    return this.#closings.has(name)
  }

  /** Resolves when a profile that is being closed is closed. */
  async waitUntilClosed(name: string): Promise<void> {
    await this.#closings.get(name)
  }

  /** Forgets a profile, so that nobody finds it any more, then runs `close`, which closes its services. */
  async close(name: string, close: () => Promise<void>): Promise<void> {
    this.#openings.delete(name)
    this.#opened.delete(name)
    const closing = close()
    this.#closings.set(
      name,
      closing.catch(() => undefined),
    )
    await closing.finally(() => this.#closings.delete(name))
  }

  /** Resolves when no profile is being opened or closed. */
  async settle(): Promise<void> {
    await Promise.all([...this.#closings.values(), this.settleOpenings()])
  }

  /** Resolves when no profile is being opened. */
  async settleOpenings(): Promise<void> {
    await Promise.allSettled(this.#openings.values())
  }
}
