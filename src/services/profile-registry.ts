import type { ToolSource } from '../agent/tools/tool-source.ts'
import type { ServerLimits } from '../config/limits.ts'
import { createIdNotFoundError, SegueError, createShuttingDownError } from '../lib/errors.ts'
import { FileConverter } from '../lib/file-conversion/file-converter.ts'
import { HttpClient } from '../lib/http/http-client.ts'
import { Readiness } from '../lib/telemetry/readiness.ts'
import { noTelemetry, type Telemetry } from '../lib/telemetry/telemetry.ts'
import { JobRunSlots } from '../jobs/job-run-slots.ts'
import type { ProfileCatalog } from '../profiles/profile-catalog.ts'
import { defaultProfileName } from '../profiles/profile-name.ts'
import type { Installation } from '../storage/installation/installation.ts'
import { loadFirstStartTime } from '../storage/filesystem/load-first-start-time.ts'
import { openProfileCatalog } from './catalog/installed-profiles.ts'
import { ProfileWatch } from './catalog/profile-watch.ts'
import { ProfileNameCache } from './catalog/profile-name-cache.ts'
import { ProfileStorageMonitor, toPublicOpenError } from './storage/profile-storage-monitor.ts'
import { ProfileConfigs, type ProfileConfigsOptions } from './config-reload/profile-configs.ts'
import { OpenProfiles } from './open-profiles.ts'
import { type ProfileLease, ProfileLeases } from './profile-lease.ts'
import { openProfileServices, type ProfileServices, type ProfileServicesOptions } from './profile-services.ts'

export interface ProfileRegistryOptions extends ProfileConfigsOptions {
  /** Default: nothing is measured. */
  readonly telemetry?: Telemetry
  readonly readiness?: Readiness
  /** The database of all profiles. Null: each has a file in its folder. */
  readonly installation?: Installation | null
  readonly homeLock?: NonNullable<ProfileServicesOptions['homeLock']>
  /** Replaces the MCP servers of a profile. */
  readonly createToolSource?: (profile: string) => ToolSource
}

/** The profiles of a home and their services. Reading never creates a profile; the first write to it does. */
export class ProfileRegistry {
  readonly #options: ProfileRegistryOptions
  readonly #catalog: ProfileCatalog
  readonly #open: OpenProfiles
  readonly #httpClient: HttpClient
  readonly #fileConverter = new FileConverter()
  readonly #jobRunSlots: JobRunSlots
  readonly #configs: ProfileConfigs
  readonly #leases = new ProfileLeases((name) => this.#closeUnused(name))
  readonly #nameCache: ProfileNameCache
  #watch: ProfileWatch | null = null
  /** When the server began to start, in epoch milliseconds. */
  readonly startedAt = Date.now()
  /** Is told of problems that keep the server from working. */
  readonly readiness: Readiness
  readonly telemetry: Telemetry
  /** What is known about the storage of the profiles. */
  readonly storage: ProfileStorageMonitor
  readonly #firstStartedAt: number
  #refusesWork = false
  #isClosing = false

  private constructor(options: ProfileRegistryOptions) {
    this.#options = options
    this.telemetry = options.telemetry ?? noTelemetry
    this.readiness = options.readiness ?? new Readiness()
    this.#firstStartedAt = loadFirstStartTime(options.settings.current.home, this.startedAt)
    this.#catalog = openProfileCatalog(options.installation ?? null, options.settings.current)
    this.#nameCache = new ProfileNameCache(() => this.listNames())
    this.#httpClient = new HttpClient(options.env)
    for (const warning of this.#httpClient.warnings) options.log.warn(warning)
    this.#configs = new ProfileConfigs(options, { httpClient: this.#httpClient, readiness: this.readiness })
    this.#jobRunSlots = new JobRunSlots(this.limits.concurrentJobs)
    this.telemetry.watch('queueLength', 'job_runs', () => this.#jobRunSlots.waitingCount)
    options.settings.subscribe(({ limits }) => this.#applyLimits(limits))
    this.storage = new ProfileStorageMonitor({ ...options, readiness: this.readiness, getProfiles: () => this.#open })
    this.#open = new OpenProfiles({ open: (name) => this.#openServices(name), observer: this.storage })
  }

  /**
   * Opens every existing profile, which recovers its unfinished streams. Leaves out those, besides `default`, whose database
   * cannot be used. For any other error, closes all and rejects with SettingsError, DatabaseTooNewError or
   * DatabaseUnusableError.
   */
  static async load(options: ProfileRegistryOptions): Promise<ProfileRegistry> {
    const registry = new ProfileRegistry(options)
    try {
      const names = await registry.listNames()
      for (const name of names) await registry.storage.tolerateDamage(name, registry.#open.getOrOpen(name))
      registry.storage.onStarted()
      if (options.installation) registry.#watch = registry.#createWatch(names, options.installation)
      return registry
    } catch (error) {
      await registry.close()
      throw error
    }
  }

  get limits(): ServerLimits {
    return this.#options.settings.current.limits
  }

  /** The currency of all prices and costs: a code of ISO 4217. */
  get currency(): string {
    return this.#options.settings.current.currency
  }

  /** Reads the config.json of each open profile again. Resolves when all are applied. Never rejects. */
  reloadConfig(): Promise<void> {
    return this.#configs.reloader.reloadAll()
  }

  /** Whether `drain`, `stopChats` or `close` was called: new work is refused with SHUTTING_DOWN. */
  get refusesWork(): boolean {
    return this.#refusesWork || this.#isClosing
  }

  /** Whether `stopChats` or `close` was called. */
  get isStopping(): boolean {
    return this.#isClosing
  }

  /** How many profiles are open, or being opened. */
  get openCount(): number {
    return this.#open.names.length
  }

  /** Lists the names of all existing profiles: `default` first, then by name. */
  listNames(): Promise<string[]> {
    return this.#catalog.listNames()
  }

  /** Opens a profile if it exists, and returns null otherwise. Throws as `open` does. */
  async find(name: string): Promise<ProfileServices | null> {
    return (await this.#canFind(name)) ? this.open(name) : null
  }

  /**
   * Opens a profile, which need not exist, until the server stops. Throws BAD_USER_INPUT if its path is taken by
   * something else, INTERNAL if its settings are broken, STORAGE if its database is, and SHUTTING_DOWN.
   */
  async open(name: string): Promise<ProfileServices> {
    try {
      return await this.#open.getOrOpen(name)
    } catch (error) {
      throw toPublicOpenError(name, error)
    }
  }

  /** The services of a profile that is open now. Null as well while it is being closed. */
  findOpen(name: string): ProfileServices | null {
    return this.#open.get(name)
  }

  openDefault(): Promise<ProfileServices> {
    return this.#open.getOrOpen(defaultProfileName)
  }

  /** Opens all existing profiles. Leaves out those that cannot be opened. */
  async openAll(): Promise<ProfileServices[]> {
    // A profile that was created within the last half second may not be listed yet.
    const names = new Set([...(await this.#nameCache.list()), ...this.#open.names])
    const results = await Promise.allSettled(
      [...names].map(async (name) => ((await this.#canFind(name)) ? this.#open.getOrOpen(name) : null)),
    )
    return results.flatMap((result) => (result.status === 'fulfilled' && result.value ? result.value : []))
  }

  /**
   * Opens a profile to write to, or to subscribe to. It need not exist. If it still does not when its last lease is
   * disposed of, its services are closed. Throws as `open` does.
   */
  async acquire(name: string): Promise<ProfileLease> {
    return this.#leases.acquire(name, () => this.open(name))
  }

  /** Creates an empty profile. Throws BAD_USER_INPUT if it exists, and SHUTTING_DOWN. */
  async create(name: string): Promise<void> {
    if (this.refusesWork) throw createShuttingDownError()
    await this.#open.waitUntilClosed(name)
    await this.#catalog.create(name)
    this.#nameCache.clear()
  }

  /**
   * Closes a profile and moves it to the trash, even if it cannot be opened. Throws BAD_USER_INPUT for `default`
   * and for a profile that only Hermes has, NOT_FOUND, and SESSION_BUSY while it has active streams.
   */
  async delete(name: string): Promise<void> {
    await this.#open.waitUntilClosed(name)
    await this.#catalog.assertRemovable(name)
    const services = await this.#open.getOrOpen(name).catch(() => null)
    if (this.refusesWork) throw createShuttingDownError()
    // Another call may have deleted it meanwhile.
    if (this.#open.isClosing(name)) throw createIdNotFoundError('profile', name)
    services?.chats.assertIdle()
    await this.#closeServices(name, services, () => this.#catalog.moveToTrash(name))
  }

  /** Refuses new work, and waits for the streams that run, until the signal aborts. See `ChatService.drain`. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#refusesWork = true
    this.readiness.report('server', 'The server is shutting down.')
    await this.#open.settleOpenings()
    await Promise.all(this.#open.services.map((services) => services.drain(signal)))
  }

  /** Refuses new streams and saves those that are running. Everything can still be read. */
  async stopChats(): Promise<void> {
    this.#isClosing = true
    this.readiness.report('server', 'The server is shutting down.')
    await this.#open.settleOpenings()
    await Promise.all(this.#open.services.map((services) => services.stopChats()))
  }

  async close(): Promise<void> {
    this.#isClosing = true
    this.#configs[Symbol.dispose]()
    this.#watch?.[Symbol.dispose]()
    await this.#open.settle()
    await Promise.all(this.#open.services.map((services) => services.close()))
    await this.#fileConverter.close()
    this.#httpClient.close()
  }

  async #canFind(name: string): Promise<boolean> {
    return (await this.#catalog.exists(name)) && !this.#open.isClosing(name)
  }

  #createWatch(knownNames: readonly string[], installation: Installation): ProfileWatch {
    const closeDeleted = async (name: string): Promise<void> => {
      const services = this.#open.get(name)
      if (services && !this.#isClosing) await this.#closeServices(name, services)
    }
    const listNames = () => this.listNames()
    return new ProfileWatch(knownNames, { installation, listNames, open: this.open.bind(this), closeDeleted })
  }

  async #closeServices(name: string, services: ProfileServices | null, andThen?: () => Promise<void>): Promise<void> {
    this.#configs.reloader.unwatch(name)
    const close = async (): Promise<void> => {
      await services?.close(createIdNotFoundError('profile', name))
      await andThen?.()
    }
    await this.#open.close(name, close).finally(() => this.#nameCache.clear())
  }

  /** Closes a profile that was opened for something that wrote nothing, such as a subscription. */
  #closeUnused(name: string): void {
    this.#closeUnlessExisting(name).catch((error: unknown) =>
      this.#options.log.error({ err: error, profile: name }, 'A profile could not be closed.'),
    )
  }

  async #closeUnlessExisting(name: string): Promise<void> {
    const services = this.#open.get(name)
    if (!services || (await this.#catalog.exists(name))) return
    // Somebody may have acquired it meanwhile, or closed it.
    if (this.#isClosing || this.#leases.has(name) || this.#open.get(name) !== services) return
    await this.#closeServices(name, services)
  }

  #applyLimits(limits: ServerLimits): void {
    this.#jobRunSlots.maxConcurrent = limits.concurrentJobs
    for (const services of this.#open.services) services.configure({ limits })
  }

  async #openServices(name: string): Promise<ProfileServices> {
    const { log, createToolSource, homeLock, installation = null } = this.#options
    const { limits, telemetry } = this
    await this.#open.waitUntilClosed(name)
    if (this.refusesWork) throw createShuttingDownError()
    const paths = this.#catalog.resolveProfilePaths(name)
    const { durable, offlineDelayMs, currency } = this.#options.settings.current
    const settings = await this.#configs.load(name, paths.home)
    const services = await openProfileServices({
      ...paths,
      ...{ name, durable, offlineDelayMs, currency, limits, settings, installation },
      firstStartedAt: this.#firstStartedAt,
      httpClient: this.#httpClient,
      fileConverter: this.#fileConverter,
      jobRunSlots: this.#jobRunSlots,
      telemetry,
      assertStreamCapacity: () => this.#assertStreamCapacity(),
      log: name === defaultProfileName ? log : log.child({ profile: name }),
      onStorageChange: (health) => this.storage.onChange(name, health),
      ...(homeLock && { homeLock }),
      ...(createToolSource && { tools: createToolSource(name) }),
    })
    // They may have changed meanwhile.
    if (limits !== this.limits) services.configure({ limits: this.limits })
    if (!this.#isClosing)
      this.#configs.watch({ ...{ name, folder: paths.home, settings }, configure: services.configure })
    return services
  }

  /** Throws RATE_LIMITED if all profiles together have as many active streams as the limit allows. */
  #assertStreamCapacity(): void {
    const { streams } = this.limits
    const activeStreams = this.#open.services.reduce((sum, { chats }) => sum + chats.activeStreamCount, 0)
    if (activeStreams < streams) return
    throw new SegueError('RATE_LIMITED', `The server has ${streams} active streams, its limit. Try again later.`)
  }
}
