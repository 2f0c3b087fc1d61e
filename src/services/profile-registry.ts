import { homedir } from 'node:os'
import type { Logger } from 'pino'
import type { ToolSource } from '../agent/tools/tool.ts'
import { Bell } from '../lib/notifier.ts'
import { readProfileSettings } from '../config/profile/profile-settings.ts'
import { type Settings, SettingsError } from '../config/settings.ts'
import { notFound, SegueError, shuttingDown } from '../lib/errors.ts'
import { Homes } from '../profiles/profile-directory.ts'
import { defaultProfile } from '../profiles/profile-name.ts'
import type { ProfileOptions } from './profile-stores.ts'
import type { JobRunRecord } from '../model/job.ts'
import { type Domain, type DomainOptions, openDomain } from './profile-services.ts'
import { foundProviders } from './discover-default-providers.ts'
import { followRuns } from './follow-job-runs.ts'

export interface DomainsOptions {
  readonly settings: Settings
  readonly log: Logger
  /** Where keys are looked up, and providers when none is configured. */
  readonly env: NodeJS.ProcessEnv
  readonly onStatement?: ProfileOptions['onStatement']
  /** Where the tools of a profile come from: its MCP servers, unless told. */
  readonly toolsOf?: (profile: string) => ToolSource
}

const listFor = 500 // milliseconds: every id that is asked for is looked for in all profiles
const failedFor = 5000 // milliseconds; one that cannot be opened should not make every reader wait

/** The profiles of a home, each with a domain of its own. A profile is made by the first write to it, never by reading. */
export class Domains {
  readonly #options: DomainsOptions
  readonly #homes: Homes
  readonly #open = new Map<string, Promise<Domain>>()
  readonly #ready = new Map<string, Domain>()
  readonly #runs = new Bell()
  /** Those that are being deleted: nobody finds them any more, and a new one of that name waits for their end. */
  readonly #leaving = new Map<string, Promise<void>>()
  #listed = { at: Number.NEGATIVE_INFINITY, names: Promise.resolve<string[]>([]) }
  #started = false
  #closing = false

  private constructor(options: DomainsOptions) {
    this.#options = options
    this.#homes = new Homes(options.settings)
  }

  /**
   * Opens every profile that exists, so that what an earlier process left behind is ended. Rejects with SettingsError,
   * NewerDatabaseError and UnusableDatabaseError; nothing stays open then.
   */
  static async open(options: DomainsOptions): Promise<Domains> {
    const domains = new Domains(options)
    try {
      for (const name of await domains.names()) await domains.#of(name)
      domains.#started = true
      return domains
    } catch (error) {
      await domains.close()
      throw error
    }
  }

  /** The names of all profiles that exist: `default` first, then by name. */
  names(): Promise<string[]> {
    return this.#homes.names()
  }

  /** A profile that exists; null for a name of which there is nothing. Throws as `make` does. */
  async find(name: string): Promise<Domain | null> {
    return this.#open.has(name) || (await this.#names()).includes(name) ? this.make(name) : null
  }

  /**
   * A profile that is about to be written to, or followed: nothing of it need exist. Throws BAD_USER_INPUT when its place
   * is taken by something else, INTERNAL when its settings or its database are broken, and SHUTTING_DOWN.
   */
  async make(name: string): Promise<Domain> {
    try {
      return await this.#of(name)
    } catch (error) {
      if (error instanceof SegueError) throw error
      const sentence = `The profile ${name} cannot be opened: its config.json or its database is broken. The log tells more.`
      throw new SegueError('INTERNAL', sentence)
    }
  }

  /** All that exist: what an id is looked for in. One that cannot be opened costs itself alone. */
  async all(): Promise<Domain[]> {
    // One that is made just now may not be listed yet.
    const names = new Set([...(await this.#names()), ...this.#open.keys()])
    const all = await Promise.allSettled([...names].map((name) => this.#of(name)))
    return all.flatMap((domain) => (domain.status === 'fulfilled' ? domain.value : []))
  }

  /** Follows the runs of one job, or of all in all profiles. */
  followRuns(jobId: string | null): AsyncIterableIterator<JobRunRecord> {
    return followRuns({ domains: () => this.all(), bell: this.#runs }, jobId)
  }

  /** Makes an empty profile. Throws BAD_USER_INPUT when it is there. */
  async create(name: string): Promise<void> {
    await this.#leaving.get(name)
    await this.#homes.create(name)
    this.#forgetNames()
  }

  /**
   * Closes a profile and moves its folder aside; one that is broken too. Throws BAD_USER_INPUT for `default` and for what
   * is Hermes' alone, NOT_FOUND, and SESSION_BUSY while anything is under way in it.
   */
  async remove(name: string): Promise<void> {
    await this.#leaving.get(name)
    await this.#homes.checkRemovable(name)
    const domain = await this.#of(name).catch(() => null)
    if (this.#closing) throw shuttingDown()
    // Somebody else was quicker.
    if (this.#leaving.has(name)) throw notFound('profile', name)
    domain?.chats.checkIdle()
    // Nobody finds it from here on; who has it already is told that it is gone.
    this.#open.delete(name)
    this.#ready.delete(name)
    const gone = this.#putAside(name, domain)
    this.#leaving.set(
      name,
      gone.catch(() => undefined),
    )
    await gone.finally(() => {
      this.#leaving.delete(name)
      this.#forgetNames()
    })
  }

  /** That of the profile which is the home itself. */
  async default(): Promise<Domain> {
    return this.#of(defaultProfile)
  }

  /** Accepts nothing more, and saves what is being made. What is read stays open. */
  async endChats(): Promise<void> {
    this.#closing = true
    await Promise.allSettled(this.#open.values())
    await Promise.all(this.#ready.values().map((domain) => domain.endChats()))
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all([...this.#leaving.values(), Promise.allSettled(this.#open.values())])
    await Promise.all(this.#ready.values().map((domain) => domain.close()))
  }

  async #putAside(name: string, domain: Domain | null): Promise<void> {
    await domain?.close(notFound('profile', name))
    await this.#homes.putAside(name)
  }

  #names(): Promise<string[]> {
    const now = performance.now()
    if (now - this.#listed.at > listFor) this.#listed = { at: now, names: this.names() }
    return this.#listed.names
  }

  #forgetNames(): void {
    this.#listed.at = Number.NEGATIVE_INFINITY
  }

  #of(name: string): Promise<Domain> {
    const known = this.#open.get(name)
    if (known) return known
    const domain = this.#openDomain(name)
    this.#open.set(name, domain)
    domain.then(
      (ready) => this.#ready.set(name, ready),
      (error: unknown) => {
        // At the start it is whoever starts that is told.
        if (this.#started) this.#options.log.error({ err: error, profile: name }, 'a profile cannot be opened')
        // It may be mended meanwhile.
        setTimeout(() => {
          if (this.#open.get(name) === domain) this.#open.delete(name)
        }, failedFor).unref()
      },
    )
    return domain
  }

  async #openDomain(name: string): Promise<Domain> {
    const { settings, log, onStatement, toolsOf } = this.#options
    await this.#leaving.get(name)
    if (this.#closing) throw shuttingDown()
    const folders = this.#homes.foldersOf(name)
    return openDomain({
      ...folders,
      name,
      durable: settings.durable,
      offlineDelay: settings.offlineDelay,
      limits: settings.limits,
      settings: await this.#settingsOf(name, folders.home),
      checkRoom: () => this.#checkRoom(),
      onRunChange: () => this.#runs.ring(),
      log: name === defaultProfile ? log : log.child({ profile: name }),
      ...(onStatement && { onStatement }),
      ...(toolsOf && { tools: toolsOf(name) }),
    })
  }

  async #settingsOf(name: string, home: string): Promise<DomainOptions['settings']> {
    const { settings, env, log } = this.#options
    if (name === defaultProfile) {
      return { ...settings, providers: settings.providers ?? (await foundProviders(settings.model, env)) }
    }
    const problems: string[] = []
    const warnings: string[] = []
    const own = readProfileSettings({ env, homedir: homedir(), home }, problems, warnings)
    for (const warning of warnings) log.warn(warning)
    if (problems.length > 0) throw new SettingsError(problems)
    return own
  }

  /** Throws RATE_LIMITED when no more answers can be made at the same time, over all profiles. */
  #checkRoom(): void {
    const { streams } = this.#options.settings.limits
    const unfinished = this.#ready.values().reduce((sum, { chats }) => sum + chats.unfinished, 0)
    if (unfinished < streams) return
    throw new SegueError('RATE_LIMITED', `${streams} answers are being made already. Try again later.`)
  }
}
