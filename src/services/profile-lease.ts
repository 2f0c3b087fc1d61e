import type { ProfileServices } from './profile-services.ts'

/** The services of a profile for as long as they are needed. Dispose of it afterwards; it may be disposed of twice. */
export interface ProfileLease extends Disposable {
  readonly services: ProfileServices
}

/** Counts the leases of each profile. */
export class ProfileLeases {
  readonly #counts = new Map<string, number>()
  readonly #onUnused: (name: string) => void

  /** `onUnused`: called when the last lease of a profile was disposed of. */
  constructor(onUnused: (name: string) => void) {
    this.#onUnused = onUnused
  }

  /** Whether a lease of this profile is in use. */
  has(name: string): boolean {
    return this.#counts.has(name)
  }

  /** Rejects as `open` does, which opens the profile. */
  async acquire(name: string, open: () => Promise<ProfileServices>): Promise<ProfileLease> {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    let isReleased = false
    const release = (): void => {
      if (!isReleased) this.#release(name)
      isReleased = true
    }
    try {
      return { services: await open(), [Symbol.dispose]: release }
    } catch (error) {
      release()
      throw error
    }
  }

  #release(name: string): void {
    const count = (this.#counts.get(name) ?? 0) - 1
    if (count > 0) {
      this.#counts.set(name, count)
      return
    }
    this.#counts.delete(name)
    this.#onUnused(name)
  }
}
