import { join } from 'node:path'
import { readFileVersion } from '../../../lib/files/file-version.ts'
import type { Logger } from '../../../lib/logger.ts'
import type { ReadInstructions } from './read-instructions.ts'
import { readInstructionsFromConfig } from './read-instructions-from-config.ts'
import { readInstructionsFile } from './read-instructions-file.ts'

/** A file that is read again when it has changed. */
interface WatchedFile {
  readonly path: string
  readonly read: (path: string) => Promise<ReadInstructions>
  /** Identifies the version that was read last. Null before the first one. */
  stamp: string | null
  /** Whether that version may have changed since without showing it. */
  isUnsettled: boolean
  instructions: string | null
}

/**
 * The instructions of a profile: those in its config.json, else its INSTRUCTIONS.md. Each file is read again when it has
 * changed. One that cannot be used costs a warning, and only itself: a config.json that is not valid any more, as while it is
 * being edited, counts as it was before.
 */
export class ProfileInstructions {
  readonly #files: readonly WatchedFile[]
  readonly #log: Logger
  #running: Promise<string | null> | null = null
  #next: Promise<string | null> | null = null

  constructor(folder: string, log: Logger) {
    const watch = (name: string, read: WatchedFile['read']): WatchedFile => ({
      path: join(folder, name),
      read,
      stamp: null,
      isUnsettled: false,
      instructions: null,
    })
    this.#files = [watch('config.json', readInstructionsFromConfig), watch('INSTRUCTIONS.md', readInstructionsFile)]
    this.#log = log
  }

  /** The instructions as the files have them now; null if there are none. Never rejects. */
  load(): Promise<string | null> {
    if (!this.#running) return this.#start()
    // The files may have changed since that began: all who come meanwhile share the next one.
    this.#next ??= this.#running.then(() => this.#start())
    return this.#next
  }

  #start(): Promise<string | null> {
    this.#next = null
    this.#running = this.#load().finally(() => (this.#running = null))
    return this.#running
  }

  async #load(): Promise<string | null> {
    for (const file of this.#files) await this.#refresh(file)
    return this.#files.find(({ instructions }) => instructions !== null)?.instructions ?? null
  }

  async #refresh(file: WatchedFile): Promise<void> {
    const { stamp, isUnsettled } = await readFileVersion(file.path)
    const isChanged = stamp !== file.stamp
    if (!isChanged && !file.isUnsettled) return
    const { instructions, warnings } = await file.read(file.path)
    file.stamp = stamp
    file.isUnsettled = isUnsettled
    if (instructions !== undefined) file.instructions = instructions
    if (isChanged) for (const warning of warnings) this.#log.warn({}, warning)
  }
}
