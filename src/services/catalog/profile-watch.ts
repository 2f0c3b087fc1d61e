import type { Installation } from '../../storage/installation/installation.ts'

export interface ProfileWatchOptions {
  /** Tells at once of most deletions. */
  readonly installation: Pick<Installation, 'onProfileDeleted'>
  /** The names of all existing profiles. */
  readonly listNames: () => Promise<readonly string[]>
  /** Opens a profile. Rejections are ignored: whoever opens it has logged them. */
  readonly open: (name: string) => Promise<unknown>
  /** Closes a profile that does not exist any more. */
  readonly closeDeleted: (name: string) => Promise<void>
}

const intervalMs = 2_500

/**
 * Opens the profiles that other processes or Hermes have added, and closes those that they have deleted. Each process has all
 * profiles open, so that it can take over what another one leaves, and reads the files of Hermes that it has.
 */
export class ProfileWatch implements Disposable {
  readonly #options: ProfileWatchOptions
  readonly #timer: NodeJS.Timeout
  #knownNames: ReadonlySet<string>

  constructor(knownNames: readonly string[], options: ProfileWatchOptions) {
    this.#options = options
    this.#knownNames = new Set(knownNames)
    options.installation.onProfileDeleted((name) => void options.closeDeleted(name).catch(() => undefined))
    // What the database cannot answer now is asked the next time.
    this.#timer = setInterval(() => void this.#look().catch(() => undefined), intervalMs).unref()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #look(): Promise<void> {
    const { listNames, open, closeDeleted } = this.#options
    const names = new Set(await listNames())
    const known = this.#knownNames
    this.#knownNames = names
    for (const name of names.difference(known)) await open(name).catch(() => undefined)
    for (const name of known.difference(names)) await closeDeleted(name)
  }
}
