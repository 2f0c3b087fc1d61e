const maxAgeMs = 500 // each lookup by id asks for all profiles

/** The names of all profiles as they were half a second ago at most. */
export class ProfileNameCache {
  readonly #load: () => Promise<string[]>
  #loaded = { at: Number.NEGATIVE_INFINITY, names: Promise.resolve<string[]>([]) }

  constructor(load: () => Promise<string[]>) {
    this.#load = load
  }

  list(): Promise<string[]> {
    const now = performance.now()
    if (now - this.#loaded.at > maxAgeMs) this.#loaded = { at: now, names: this.#load() }
    return this.#loaded.names
  }

  /** Call it when a profile was created or deleted. */
  clear(): void {
    this.#loaded.at = Number.NEGATIVE_INFINITY
  }
}
