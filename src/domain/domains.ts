import { existsSync } from 'node:fs'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { discoverProviders } from '../agent/discover.ts'
import { Bell } from '../chat/bell.ts'
import { readProfileSettings } from '../config/profile-settings.ts'
import type { Provider } from '../config/provider.ts'
import { configuredModels, modelFault } from '../config/providers.ts'
import { type Settings, SettingsError } from '../config/settings.ts'
import { badInput, notFound, SegueError } from '../errors.ts'
import { defaultProfile, isProfileName, profileFolder } from '../profiles/profile-name.ts'
import type { ProfileOptions } from '../profiles/profile.ts'
import type { JobRunRecord } from '../storage/job-records.ts'
import { type Domain, type DomainOptions, openDomain } from './domain.ts'
import { followRuns } from './followed-runs.ts'

export interface DomainsOptions {
  readonly settings: Settings
  readonly log: Logger
  /** Where keys are looked up, and providers when none is configured. */
  readonly env: NodeJS.ProcessEnv
  readonly onStatement?: ProfileOptions['onStatement']
}

/**
 * The profiles of a home, each with a domain of its own: `default` is the home itself, any other one a folder in it, or
 * in Hermes' home, or in both. A profile is made by the first write to it, never by reading.
 */
export class Domains {
  readonly #options: DomainsOptions
  readonly #open = new Map<string, Promise<Domain>>()
  readonly #ready = new Map<string, Domain>()
  readonly #runs = new Bell()
  readonly #leaving = new Map<string, Promise<void>>()
  #listed = { at: Number.NEGATIVE_INFINITY, names: Promise.resolve<string[]>([]) }

  private constructor(options: DomainsOptions) {
    this.#options = options
  }

  /**
   * Opens every profile that exists, so that what an earlier process left behind is ended. Rejects with SettingsError,
   * NewerDatabaseError and UnusableDatabaseError; nothing stays open then.
   */
  static async open(options: DomainsOptions): Promise<Domains> {
    const domains = new Domains(options)
    try {
      for (const name of await domains.names()) await domains.#of(name)
      return domains
    } catch (error) {
      await domains.close()
      throw error
    }
  }

  /** The names of all profiles that exist: `default` first, then by name. */
  async names(): Promise<string[]> {
    const { home, hermesHome } = this.#options.settings
    const found = await Promise.all([home, ...(hermesHome === null ? [] : [hermesHome])].map(foldersIn))
    return [defaultProfile, ...new Set(found.flat().toSorted())]
  }

  /** A profile that exists; null for a name of which there is nothing. */
  async find(name: string): Promise<Domain | null> {
    return this.#open.has(name) || (await this.#names()).includes(name) ? this.#of(name) : null
  }

  /** A profile that is about to be written to. */
  async make(name: string): Promise<Domain> {
    return this.#of(name)
  }

  /** All that exist: what an id is looked for in. */
  async all(): Promise<Domain[]> {
    // One that is made just now may not be listed yet.
    const names = new Set([...(await this.#names()), ...this.#open.keys()])
    const all = await Promise.allSettled([...names].map((name) => this.#of(name)))
    // One that cannot be opened costs itself alone; whoever asks for it by its name is told.
    return all.flatMap((domain) => (domain.status === 'fulfilled' ? domain.value : []))
  }

  /** Follows the runs of one job, or of all in all profiles. */
  followRuns(jobId: string | null): AsyncIterableIterator<JobRunRecord> {
    return followRuns({ domains: () => this.all(), bell: this.#runs }, jobId)
  }

  /** Makes an empty profile. Throws BAD_USER_INPUT when it is there. */
  async create(name: string): Promise<Domain> {
    const folder = profileFolder(this.#options.settings.home, name)
    if (name === defaultProfile || existsSync(folder)) throw badInput(`There is a profile ${name} already.`, 'name')
    await mkdir(folder, { recursive: true, mode: 0o700 })
    this.#listed.at = Number.NEGATIVE_INFINITY
    return this.#of(name)
  }

  /**
   * Closes a profile and moves its folder aside. Throws BAD_USER_INPUT for `default`, NOT_FOUND, and SESSION_BUSY while
   * a stream runs or waits in it.
   */
  async remove(name: string): Promise<void> {
    const { home } = this.#options.settings
    if (name === defaultProfile) throw badInput('The profile default is the home itself and cannot be deleted.', 'name')
    const folder = profileFolder(home, name)
    if (!existsSync(folder)) throw notFound('profile', name)
    const domain = await this.#of(name)
    if (domain.chats.unfinished > 0) {
      throw new SegueError('SESSION_BUSY', 'An answer is being made in this profile. Wait for its end, or cancel it.')
    }
    // Nobody finds it from here on; who has it already is told that it is closing.
    this.#open.delete(name)
    this.#ready.delete(name)
    const left = this.#putAside(domain, folder, join(home, 'deleted')).finally(() => this.#leaving.delete(name))
    this.#leaving.set(name, left)
    await left
    this.#listed.at = Number.NEGATIVE_INFINITY
  }

  async #putAside({ profile: { name }, close }: Domain, folder: string, aside: string): Promise<void> {
    await close()
    await mkdir(aside, { recursive: true, mode: 0o700 })
    await rename(folder, join(aside, `${name}-${new Date().toISOString().replaceAll(':', '-')}`))
  }

  /** That of the profile which is the home itself. */
  async default(): Promise<Domain> {
    return this.#of(defaultProfile)
  }

  /** Accepts nothing more, and saves what is being made. What is read stays open. */
  async endChats(): Promise<void> {
    await Promise.all(this.#ready.values().map((domain) => domain.endChats()))
  }

  async close(): Promise<void> {
    const open = await Promise.allSettled(this.#open.values())
    await Promise.all(open.map((domain) => (domain.status === 'fulfilled' ? domain.value.close() : undefined)))
  }

  /** The same as `names`, looked up once in half a second: every id that is asked for is looked for in all of them. */
  async #names(): Promise<string[]> {
    const now = performance.now()
    if (now - this.#listed.at > freshFor) this.#listed = { at: now, names: this.names() }
    return this.#listed.names
  }

  #of(name: string): Promise<Domain> {
    let domain = this.#open.get(name)
    if (!domain) {
      domain = this.#openDomain(name).then((ready) => {
        this.#ready.set(name, ready)
        return ready
      })
      this.#open.set(name, domain)
      // One that could not be opened may be mended meanwhile.
      domain.catch(() => this.#open.delete(name))
    }
    return domain
  }

  async #openDomain(name: string): Promise<Domain> {
    const { settings, log, onStatement } = this.#options
    const { hermesHome } = settings
    await this.#leaving.get(name)
    return openDomain({
      name,
      home: profileFolder(settings.home, name),
      hermesHome: hermesHome === null ? null : profileFolder(hermesHome, name),
      durable: settings.durable,
      offlineDelay: settings.offlineDelay,
      limits: settings.limits,
      settings: await this.#settingsOf(name),
      checkRoom: () => this.#checkRoom(),
      onRunChange: () => this.#runs.ring(),
      log: name === defaultProfile ? log : log.child({ profile: name }),
      ...(onStatement && { onStatement }),
    })
  }

  async #settingsOf(name: string): Promise<DomainOptions['settings']> {
    const { settings, env, log } = this.#options
    if (name === defaultProfile) {
      return { ...settings, providers: settings.providers ?? (await foundProviders(settings, env)) }
    }
    const problems: string[] = []
    const warnings: string[] = []
    const sources = { env, homedir: homedir(), home: profileFolder(settings.home, name) }
    const own = readProfileSettings(sources, problems, warnings)
    for (const warning of warnings) log.warn(warning)
    if (problems.length > 0) throw new SettingsError(problems)
    return { ...own, providers: own.providers ?? [] }
  }

  /** Throws RATE_LIMITED when no more answers can be made at the same time, over all profiles. */
  #checkRoom(): void {
    const { streams } = this.#options.settings.limits
    const unfinished = this.#ready.values().reduce((sum, { chats }) => sum + chats.unfinished, 0)
    if (unfinished < streams) return
    throw new SegueError('RATE_LIMITED', `${streams} answers are being made already. Try again later.`)
  }
}

const freshFor = 500 // milliseconds

/** The profiles that have a folder in a home. */
async function foldersIn(home: string): Promise<string[]> {
  const entries = await readdir(join(home, 'profiles'), { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory() && isProfileName(entry.name)).map(({ name }) => name)
}

/** Those that are there by themselves. Throws a SettingsError when the model that was chosen is of none of them. */
async function foundProviders({ model }: Settings, env: NodeJS.ProcessEnv): Promise<Provider[]> {
  const providers = await discoverProviders(env)
  const wrong = model === null ? null : modelFault(model, configuredModels(providers))
  if (wrong === null) return providers
  throw new SettingsError([
    `model: ${JSON.stringify(model)} has to be ${wrong}. openai and anthropic are there when OPENAI_API_KEY or ` +
      'ANTHROPIC_API_KEY is set, ollama when it answers on this machine, others when config.json names them',
  ])
}
