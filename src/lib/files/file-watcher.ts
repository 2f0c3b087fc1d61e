import { type FileVersion, readFileVersion } from './file-version.ts'

export interface FileWatcherOptions {
  readonly path: string
  /**
   * The file has been written, replaced or removed, and has not changed for a moment. Called again for a file that may have
   * been written once more without showing it: compare the content.
   */
  readonly onChange: () => void
}

const intervalMs = 500
/** A program that writes the file may be in the midst of it for so long. */
const quietMs = 50

/**
 * Notices every change of a file within a second, however it is made: written in place, renamed over, or reached through
 * symbolic links that lead elsewhere now. Compares its version regularly, which costs one `stat`. The events of `fs.watch`
 * would be no help: they do not see the targets of links nor some network file systems, they end at the limit of inotify,
 * and beside a database they never pause. Does not keep the process alive.
 */
export class FileWatcher implements Disposable {
  readonly #options: FileWatcherOptions
  #timer: NodeJS.Timeout | null = null
  /** The version that was there at first, or that `onChange` was called for. Null until it is known. */
  #known: FileVersion | null = null
  /** Another one, which may be in the making. */
  #candidate: string | null = null
  #isDisposed = false

  constructor(options: FileWatcherOptions) {
    this.#options = options
    void this.#check()
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  async #check(): Promise<void> {
    const version = await readFileVersion(this.#options.path)
    if (this.#isDisposed) return
    const delayMs = this.#compare(version) === 'in the making' ? quietMs : intervalMs
    this.#timer = setTimeout(() => void this.#check(), delayMs).unref()
  }

  #compare(version: FileVersion): 'in the making' | 'complete' {
    const known = this.#known
    const isKnown = known?.stamp === version.stamp
    if (known && !isKnown && version.stamp !== this.#candidate) {
      this.#candidate = version.stamp
      return 'in the making'
    }
    const isChanged = known !== null && (!isKnown || (known.isUnsettled && !version.isUnsettled))
    this.#known = version
    if (isChanged) this.#options.onChange()
    return 'complete'
  }
}
