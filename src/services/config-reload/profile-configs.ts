import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import { discoverProviders } from '../../agent/providers/discover-providers.ts'
import type { ProfileSettingsWithProviders } from '../../config/profile/profile-settings.ts'
import { listChangedRestartSettings, mergeLiveSettings } from '../../config/reload/restart-settings.ts'
import type { Settings } from '../../config/settings.ts'
import type { HttpClient } from '../../lib/http/http-client.ts'
import type { MutableLiveValue } from '../../config/reload/live-value.ts'
import type { Readiness } from '../../lib/telemetry/readiness.ts'
import { defaultProfileName } from '../../profiles/profile-name.ts'
import { loadProfileSettings } from '../load-profile-settings.ts'
import { ConfigReloader } from './config-reloader.ts'
import { DiscoveredProviders } from './discovered-providers.ts'
import type { ProfileConfigurator } from './profile-configurator.ts'

export interface ProfileConfigsOptions {
  readonly settings: MutableLiveValue<Settings>
  /**
   * Reads the settings of the server again, or throws a SettingsError. Without it, changes of its config.json have no
   * effect.
   */
  readonly readSettings?: () => Settings
  readonly log: Logger
  /** Where API keys are looked up, default providers, and proxies. */
  readonly env: NodeJS.ProcessEnv
}

export interface ProfileConfigsDependencies {
  readonly httpClient: HttpClient
  /** How providers that need no configuration are found. */
  readonly discover?: typeof discoverProviders
  /** Is told of files that are not valid. */
  readonly readiness: Readiness
}

/** A profile whose services are open. */
export interface ConfiguredProfile extends Pick<ProfileConfigurator, 'configure'> {
  readonly name: string
  readonly folder: string
  /** What it was opened with. */
  readonly settings: ProfileSettingsWithProviders
}

/** How often providers that need no configuration are looked for again: they may start after this server. */
const discoveryIntervalMs = 30_000

/** The config.json files of the open profiles. That of `default` is also the server's. */
export class ProfileConfigs implements Disposable {
  readonly #options: ProfileConfigsOptions
  readonly #reloader: ConfigReloader
  readonly #discovered: DiscoveredProviders
  #discoveryTimer: ReturnType<typeof setInterval> | undefined
  #pendingRestart = ''

  constructor(options: ProfileConfigsOptions, dependencies: ProfileConfigsDependencies) {
    const { httpClient, readiness, discover = discoverProviders } = dependencies
    this.#options = options
    this.#reloader = new ConfigReloader(readiness)
    this.#discovered = new DiscoveredProviders(() => discover(options.env, httpClient))
  }

  get reloader(): Pick<ConfigReloader, 'reloadAll' | 'unwatch'> {
    return this.#reloader
  }

  [Symbol.dispose](): void {
    clearInterval(this.#discoveryTimer)
    this.#reloader[Symbol.dispose]()
  }

  /** The settings of a profile that is being opened. Rejects with a SettingsError. */
  load(name: string, folder: string, settings = this.#options.settings.current): Promise<ProfileSettingsWithProviders> {
    const findProviders = () => this.#discovered.find()
    return loadProfileSettings(name, folder, { ...this.#options, settings, findProviders })
  }

  /** Applies the changes of a file to the services of its profile, from now on until it is unwatched. */
  watch(profile: ConfiguredProfile): void {
    const { name, folder } = profile
    const { readSettings, log } = this.#options
    if (name !== defaultProfileName)
      return this.#reloader.watch(name, folder, {
        reload: this.#createReload(profile),
        log: log.child({ profile: name }),
      })
    if (!readSettings) return
    this.#reloader.watch(name, folder, { reload: () => this.#reloadServer(profile, readSettings), log })
    this.#discoveryTimer ??= setInterval(() => {
      if (this.#options.settings.current.providers === null) void this.#reloader.reloadAll()
    }, discoveryIntervalMs).unref()
  }

  #createReload({ name, folder, settings, configure }: ConfiguredProfile): () => Promise<void> {
    let current = settings
    return async () => {
      const next = await this.load(name, folder)
      if (isDeepStrictEqual(current, next)) return
      current = next
      configure({ settings: next })
      this.#options.log.info({ profile: name }, 'The changed config.json is in effect.')
    }
  }

  async #reloadServer({ name, folder, configure }: ConfiguredProfile, readSettings: () => Settings): Promise<void> {
    const { settings, log } = this.#options
    const next = readSettings()
    const merged = mergeLiveSettings(settings.current, next)
    this.#logPendingRestart(listChangedRestartSettings(settings.current, next))
    const isSame = isDeepStrictEqual(settings.current, merged)
    if (isSame && !(merged.providers === null && (await this.#discovered.findMore()))) return
    const profileSettings = await this.load(name, folder, merged)
    for (const warning of next.warnings) if (!settings.current.warnings.includes(warning)) log.warn({}, warning)
    settings.replace(merged)
    configure({ settings: profileSettings })
    log.info({}, isSame ? 'Another model provider was found.' : 'The changed config.json is in effect.')
  }

  #logPendingRestart(names: readonly string[]): void {
    const list = names.join(', ')
    if (list !== '' && list !== this.#pendingRestart)
      this.#options.log.warn({ settings: names }, `Restart Segue to apply the changes of ${list} in config.json.`)
    this.#pendingRestart = list
  }
}
