import { homedir } from 'node:os'
import type { Logger } from 'pino'
import type { ToolSource } from '../agent/tools/tool.ts'
import { Notifier } from '../lib/notifier.ts'
import { readProfileSettings } from '../config/profile/profile-settings.ts'
import type { Settings } from '../config/settings.ts'
import { notFound, SegueError, shuttingDown } from '../lib/errors.ts'
import { ProfileDirectory } from '../profiles/profile-directory.ts'
import { defaultProfileName } from '../profiles/profile-name.ts'
import type { ProfileStorageOptions } from './profile-stores.ts'
import type { JobRunRecord } from '../model/job.ts'
import { type ProfileServices, type ProfileServicesOptions, openProfileServices } from './profile-services.ts'
import { discoverDefaultProviders } from './discover-default-providers.ts'
import { followJobRuns } from './follow-job-runs.ts'

export interface ProfileRegistryOptions {
  readonly settings: Settings
  readonly log: Logger
  /** Where keys are looked up, and providers when none is configured. */
  readonly env: NodeJS.ProcessEnv
  readonly onStatement?: ProfileStorageOptions['onStatement']
  /** Where the tools of a profile come from: its MCP servers, unless told. */
  readonly createToolSource?: (profile: string) => ToolSource
}

const nameCacheMs = 500 // milliseconds: every id that is asked for is looked for in all profiles
const failureCacheMs = 5000 // milliseconds; one that cannot be opened should not make every reader wait

/** The services of a profile for as long as they are needed. Dispose of it afterwards; it may be disposed of twice. */
export interface ProfileLease extends Disposable {
  readonly services: ProfileServices
}

/** The profiles of a home, each with a domain of its own. A profile is made by the first write to it, never by reading. */
export class ProfileRegistry {
  readonly #options: ProfileRegistryOptions
  readonly #directory: ProfileDirectory
  readonly #openPromises = new Map<string, Promise<ProfileServices>>()
  readonly #opened = new Map<string, ProfileServices>()
  readonly #runNotifier = new Notifier()
  /** How many leases of each name are in use. */
  readonly #leaseCounts = new Map<string, number>()
  /** Profiles that are being closed while the server goes on. They are not found, and opening the name again waits. */
  readonly #closing = new Map<string, Promise<void>>()
  #nameCache = { at: Number.NEGATIVE_INFINITY, names: Promise.resolve<string[]>([]) }
  #isStarted = false
  #isClosing = false

  private constructor(options: ProfileRegistryOptions) {
    this.#options = options
    this.#directory = new ProfileDirectory(options.settings)
  }

  /**
   * Opens every profile that exists, so that what an earlier process left behind is ended. Rejects with SettingsError,
   * NewerDatabaseError and UnusableDatabaseError; nothing stays open then.
   */
  static async load(options: ProfileRegistryOptions): Promise<ProfileRegistry> {
    const registry = new ProfileRegistry(options)
    try {
      for (const name of await registry.listNames()) await registry.#getOrOpen(name)
      registry.#isStarted = true
      return registry
    } catch (error) {
      await registry.close()
      throw error
    }
  }

  /** The names of all profiles that exist: `default` first, then by name. */
  listNames(): Promise<string[]> {
    return this.#directory.listNames()
  }

  /** A profile that exists; null for a name of which there is nothing. Throws as `open` does. */
  async find(name: string): Promise<ProfileServices | null> {
    return this.#canFind(name) ? this.open(name) : null
  }

  /** How many profiles are open, or being opened. */
  get openCount(): number {
    return this.#openPromises.size
  }

  /**
   * A profile to write to or to subscribe to. It need not exist: if it still does not when its last lease is disposed
   * of, its services are closed. Throws as `open` does.
   */
  async acquire(name: string): Promise<ProfileLease> {
    this.#leaseCounts.set(name, (this.#leaseCounts.get(name) ?? 0) + 1)
    let isReleased = false
    const release = (): void => {
      if (!isReleased) this.#release(name)
      isReleased = true
    }
    try {
      return { services: await this.open(name), [Symbol.dispose]: release }
    } catch (error) {
      release()
      throw error
    }
  }

  /**
   * Opens a profile, which need not exist, until the server stops. Throws BAD_USER_INPUT when its place is taken by
   * something else, INTERNAL when its settings or its database are broken, and SHUTTING_DOWN.
   */
  async open(name: string): Promise<ProfileServices> {
    try {
      return await this.#getOrOpen(name)
    } catch (error) {
      if (error instanceof SegueError) throw error
      const message = `The profile ${name} cannot be opened: its config.json or its database is broken. The log tells more.`
      throw new SegueError('INTERNAL', message)
    }
  }

  /** All that exist: what an id is looked for in. One that cannot be opened costs itself alone. */
  async openAll(): Promise<ProfileServices[]> {
    // A profile that was created within the last half second may not be listed yet.
    const names = new Set([...(await this.#listNamesCached()), ...this.#openPromises.keys()])
    const existingNames = [...names].filter((name) => this.#canFind(name))
    const results = await Promise.allSettled(existingNames.map((name) => this.#getOrOpen(name)))
    return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
  }

  /** Follows the runs of one job, or of all in all profiles. */
  followJobRuns(jobId: string | null): AsyncIterableIterator<JobRunRecord> {
    const openJobStores = async () => new Map((await this.openAll()).map(({ profile }) => [profile.name, profile.jobs]))
    return followJobRuns(
      { listProfileNames: () => this.listNames(), openJobStores, notifier: this.#runNotifier },
      jobId,
    )
  }

  /** Makes an empty profile. Throws BAD_USER_INPUT when it is there. */
  async create(name: string): Promise<void> {
    await this.#closing.get(name)
    await this.#directory.create(name)
    this.#clearNameCache()
  }

  /**
   * Closes a profile and moves its folder aside; one that is broken too. Throws BAD_USER_INPUT for `default` and for what
   * is Hermes' alone, NOT_FOUND, and SESSION_BUSY while anything is under way in it.
   */
  async delete(name: string): Promise<void> {
    await this.#closing.get(name)
    await this.#directory.assertRemovable(name)
    const services = await this.#getOrOpen(name).catch(() => null)
    if (this.#isClosing) throw shuttingDown()
    // Somebody else was quicker.
    if (this.#closing.has(name)) throw notFound('profile', name)
    services?.chats.assertIdle()
    // Nobody finds it from here on; who has it already is told that it is gone.
    this.#openPromises.delete(name)
    this.#opened.delete(name)
    const deletion = this.#moveToTrash(name, services)
    this.#closing.set(
      name,
      deletion.catch(() => undefined),
    )
    await deletion.finally(() => {
      this.#closing.delete(name)
      this.#clearNameCache()
    })
  }

  /** That of the profile which is the home itself. */
  async openDefault(): Promise<ProfileServices> {
    return this.#getOrOpen(defaultProfileName)
  }

  /** Accepts nothing more, and saves what is being made. What is read stays open. */
  async stopChats(): Promise<void> {
    this.#isClosing = true
    await Promise.allSettled(this.#openPromises.values())
    await Promise.all(this.#opened.values().map((services) => services.stopChats()))
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.all([...this.#closing.values(), Promise.allSettled(this.#openPromises.values())])
    await Promise.all(this.#opened.values().map((services) => services.close()))
  }

  #canFind(name: string): boolean {
    return this.#directory.exists(name) && !this.#closing.has(name)
  }

  /** Closes a profile that was opened for something that wrote nothing, such as a subscription. */
  #release(name: string): void {
    const count = (this.#leaseCounts.get(name) ?? 0) - 1
    if (count > 0) {
      this.#leaseCounts.set(name, count)
      return
    }
    this.#leaseCounts.delete(name)
    const services = this.#opened.get(name)
    if (!services || this.#isClosing || this.#directory.exists(name)) return
    this.#openPromises.delete(name)
    this.#opened.delete(name)
    const closing = services
      .close()
      .catch((error: unknown) => this.#options.log.error({ err: error, profile: name }, 'closing a profile failed'))
      .finally(() => this.#closing.delete(name))
    this.#closing.set(name, closing)
  }

  async #moveToTrash(name: string, services: ProfileServices | null): Promise<void> {
    await services?.close(notFound('profile', name))
    await this.#directory.moveToTrash(name)
  }

  #listNamesCached(): Promise<string[]> {
    const now = performance.now()
    if (now - this.#nameCache.at > nameCacheMs) this.#nameCache = { at: now, names: this.listNames() }
    return this.#nameCache.names
  }

  #clearNameCache(): void {
    this.#nameCache.at = Number.NEGATIVE_INFINITY
  }

  #getOrOpen(name: string): Promise<ProfileServices> {
    const existing = this.#openPromises.get(name)
    if (existing) return existing
    const opening = this.#openServices(name)
    this.#openPromises.set(name, opening)
    opening.then(
      (services) => this.#opened.set(name, services),
      (error: unknown) => {
        // At the start it is whoever starts that is told.
        if (this.#isStarted) this.#options.log.error({ err: error, profile: name }, 'a profile cannot be opened')
        // It may be mended meanwhile.
        setTimeout(() => {
          if (this.#openPromises.get(name) === opening) this.#openPromises.delete(name)
        }, failureCacheMs).unref()
      },
    )
    return opening
  }

  async #openServices(name: string): Promise<ProfileServices> {
    const { settings, log, onStatement, createToolSource } = this.#options
    await this.#closing.get(name)
    if (this.#isClosing) throw shuttingDown()
    const paths = this.#directory.resolveProfilePaths(name)
    return openProfileServices({
      ...paths,
      name,
      durable: settings.durable,
      offlineDelayMs: settings.offlineDelayMs,
      limits: settings.limits,
      settings: await this.#loadSettings(name, paths.home),
      assertStreamCapacity: () => this.#assertStreamCapacity(),
      onRunChange: () => this.#runNotifier.notify(),
      log: name === defaultProfileName ? log : log.child({ profile: name }),
      ...(onStatement && { onStatement }),
      ...(createToolSource && { tools: createToolSource(name) }),
    })
  }

  async #loadSettings(name: string, home: string): Promise<ProfileServicesOptions['settings']> {
    const { settings, env, log } = this.#options
    if (name === defaultProfileName) {
      return { ...settings, providers: settings.providers ?? (await discoverDefaultProviders(settings.model, env)) }
    }
    const profileSettings = readProfileSettings({ env, homedir: homedir(), home })
    for (const warning of profileSettings.warnings) log.warn(warning)
    return profileSettings
  }

  /** Throws RATE_LIMITED when no more answers can be made at the same time, over all profiles. */
  #assertStreamCapacity(): void {
    const { streams } = this.#options.settings.limits
    const activeStreams = this.#opened.values().reduce((sum, { chats }) => sum + chats.activeStreamCount, 0)
    if (activeStreams < streams) return
    throw new SegueError('RATE_LIMITED', `${streams} answers are being made already. Try again later.`)
  }
}
