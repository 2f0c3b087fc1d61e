import { statSync } from 'node:fs'
import { join } from 'node:path'
import { SettingsError } from '../../config/settings-error.ts'
import { FileWatcher } from '../../lib/files/file-watcher.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Readiness } from '../../lib/telemetry/readiness.ts'

/** Reads the settings of a profile again, and applies them. Rejects with a SettingsError, and changes nothing then. */
export type ReloadSettings = () => Promise<void>

interface WatchedConfig {
  readonly profile: string
  readonly path: string
  readonly reload: ReloadSettings
  readonly watcher: FileWatcher
  readonly log: Logger
  /** Reloads one after the other. */
  lastReload: Promise<void>
  hasFile: boolean
  problems: readonly string[]
}

/**
 * Reads the config.json of each open profile again when it has changed, and on demand. A file that is not valid, or is gone,
 * changes nothing: the log says why, once, and the readiness that there is a problem until the file is valid again.
 */
export class ConfigReloader implements Disposable {
  readonly #configs = new Map<string, WatchedConfig>()
  readonly #readiness: Readiness

  constructor(readiness: Readiness) {
    this.#readiness = readiness
  }

  /** Begins to watch the file of a profile, whose settings have been read. */
  watch(profile: string, folder: string, { reload, log }: Pick<WatchedConfig, 'reload' | 'log'>): void {
    const path = join(folder, 'config.json')
    this.unwatch(profile)
    const config: WatchedConfig = {
      ...{ profile, path, reload, log },
      watcher: new FileWatcher({ path, onChange: () => void this.#reload(config) }),
      lastReload: Promise.resolve(),
      hasFile: exists(path),
      problems: [],
    }
    this.#configs.set(profile, config)
    // The file may have changed since it was read.
    void this.#reload(config)
  }

  unwatch(profile: string): void {
    this.#configs.get(profile)?.watcher[Symbol.dispose]()
    this.#configs.delete(profile)
    this.#readiness.resolve(toComponent(profile))
  }

  [Symbol.dispose](): void {
    for (const profile of [...this.#configs.keys()]) this.unwatch(profile)
  }

  /** Reads all files again. Resolves when they are applied. Never rejects. */
  async reloadAll(): Promise<void> {
    await Promise.all([...this.#configs.values()].map((config) => this.#reload(config)))
  }

  #reload(config: WatchedConfig): Promise<void> {
    config.lastReload = config.lastReload.then(async () => {
      await reloadConfig(config)
      this.#report(config)
    })
    return config.lastReload
  }

  #report({ profile, problems }: WatchedConfig): void {
    // What the log says has paths, and may quote the file.
    const message = 'The file config.json cannot be applied, as the log says. The previous settings are in effect.'
    if (problems.length === 0) this.#readiness.resolve(toComponent(profile))
    else if (this.#configs.has(profile)) this.#readiness.report(toComponent(profile), message, { isBlocking: false })
  }
}

const toComponent = (profile: string): string => `config:${profile}`

async function reloadConfig(config: WatchedConfig): Promise<void> {
  const { path, reload, log } = config
  const previousProblems = config.problems
  try {
    // Defaults in its place would take the tokens away, for example.
    if (config.hasFile && !exists(path))
      throw new SettingsError([`${path}: The file is gone. Write it again, or restart Segue without it.`])
    await reload()
    config.hasFile ||= exists(path)
    config.problems = []
    if (previousProblems.length > 0) log.info({}, `${path}: The file is valid again. Its settings are in effect.`)
  } catch (error) {
    if (!(error instanceof SettingsError))
      return log.error({ err: error }, `${path}: The settings could not be applied.`)
    config.problems = error.problems
    if (error.message === previousProblems.join('\n')) return
    for (const problem of error.problems)
      log.error({}, `${problem} Until this is corrected, the previous settings apply.`)
  }
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined
