import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import type { ApprovalRules } from './approvals.ts'
import { readConfigFile } from './config-file.ts'
import type { ConfigFile } from './config-file.ts'
import { readFlags } from './flags.ts'
import { defaultLimits, limitKeys } from './limits.ts'
import type { Limits } from './limits.ts'
import type { McpServer } from './mcp-server.ts'
import { resolveMcpServers } from './mcp-servers.ts'
import type { Provider } from './provider.ts'
import { configuredModels, foundByThemselves, modelFault, providerKeys, resolveProviders } from './providers.ts'
import type { KnownModels } from './providers.ts'
import { settingsTable as table } from './setting.ts'
import type { Setting } from './setting.ts'

/** What the server was told, resolved: paths are absolute, keys looked up. */
export interface Settings {
  /** 0: any free one. */
  readonly port: number
  /** A loopback address or `localhost`; `::1` without its brackets. */
  readonly host: string
  readonly home: string
  /** Null: no sessions of Hermes are shown. It may hold no state.db, yet. */
  readonly hermesHome: string | null
  /** As `<provider>/<name>`; null: the first one there is. */
  readonly model: string | null
  /** Null: none is configured, and those that are found by themselves are used. */
  readonly providers: readonly Provider[] | null
  /** Those that are not disabled. */
  readonly mcpServers: readonly McpServer[]
  /** Of the patterns that fit a tool's name, the last one counts. */
  readonly approvals: ApprovalRules
  /** Whether a model gives sessions their titles. */
  readonly titles: boolean
  /** The share of a model's context from which on a session is compacted; 0: never by itself. */
  readonly compactAt: number
  /** Every commit waits for the disk. */
  readonly durable: boolean
  /** Milliseconds between two words of the offline agent. */
  readonly offlineDelay: number
  readonly limits: Limits
  /** What is odd but no reason not to start, a sentence each. */
  readonly warnings: readonly string[]
}

/** All that is wrong with the settings, one problem a line, each with where it came from and what is allowed there. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

export interface SettingsSources {
  /** The flags: the command line after the name of the program. */
  readonly argv: readonly string[]
  /** An empty variable counts as one that is not set. */
  readonly env: NodeJS.ProcessEnv
  /** What `~` stands for. */
  readonly homedir: string
}

/** Reads flags, environment and config.json. Throws a `SettingsError` that names everything that is wrong. */
export function readSettings({ argv, env, homedir }: SettingsSources): Settings {
  const problems: string[] = []
  const warnings: string[] = []
  const flags = readFlags(argv, problems)
  // The file lies in the home, which is itself a setting: it is empty until that is known.
  let file: ConfigFile = new Map()
  let filePath = ''

  /** Every value that a setting was given, the one that wins first. */
  function* given<T>({ flag, flagMeans, env: variable, key, fromText }: Setting<T>) {
    const flagText = flag === null ? undefined : flags.get(flag)
    if (flagText !== undefined) yield { where: `--${flag}`, raw: flagText === null ? flagMeans : fromText(flagText) }
    const text = variable === null ? undefined : env[variable]
    if (text) yield { where: `${variable}`, raw: fromText(text) }
    if (key !== null && file.has(key)) yield { where: `${filePath}: ${key}`, raw: file.get(key) }
  }

  /** The value that wins. The others are checked too: a wrong one would wait for the day when it does. */
  function read<T>(setting: Setting<T>, fault: (value: T) => string | null = () => null) {
    let winner: { readonly where: string; readonly value: T } | null = null
    for (const { where, raw } of given(setting)) {
      const parsed = setting.schema.safeParse(raw)
      const wrong = parsed.success ? fault(parsed.data) : null
      if (!parsed.success) problems.push(...parsed.error.issues.flatMap((issue) => describe(issue, where, raw)))
      else if (wrong !== null) problems.push(`${where}: ${shown(raw)} has to be ${wrong}`)
      else winner ??= { where, value: parsed.data }
    }
    return winner
  }

  const path = (text: string, base = ''): string => resolve(base, text.replace(/^~(?=\/|$)/, homedir))

  const home = path(read(table.home)?.value ?? table.home.default)
  filePath = join(home, 'config.json')
  file = readConfigFile(filePath, problems)

  const entries = read(table.providers)
  const providers = entries && resolveProviders(entries.value, env, entries.where, warnings)
  const known = knownModels(file.get('providers'), providers)
  const model = read(table.model, (id) => modelFault(id, known))

  const servers = read(table.mcpServers)
  const fromHome = (text: string): string => path(text, home)
  const mcpServers = servers
    ? resolveMcpServers(servers.value, { env, where: servers.where, path: fromHome }, problems, warnings)
    : []

  const port = read(table.port)?.value ?? Number(table.port.default)
  const host = read(table.host)?.value ?? table.host.default
  const durable = read(table.durable)?.value ?? false
  const offlineDelay = read(table.offlineDelay)?.value ?? Number(table.offlineDelay.default)

  const approvals = read(table.approvals)?.value ?? {}
  const titles = read(table.titles)?.value ?? true
  const compactAt = read(table.compactAt)?.value ?? Number(table.compactAt.default)
  const limits = read(table.limits)?.value ?? defaultLimits

  const hermes = read(table.hermes)?.value ?? true
  const hermesNamed = read(table.hermesHome)
  if (flags.has('no-hermes') && flags.has('hermes-home')) problems.push('--no-hermes: contradicts --hermes-home')

  function hermesHome(): string | null {
    // A flag wins over config.json, but HERMES_HOME does not: Hermes sets it for everything that it starts.
    if (!hermes && !hermesNamed?.where.startsWith('--')) return null
    if (hermesNamed) return path(hermesNamed.value, hermesNamed.where.startsWith(filePath) ? home : '')
    const usual = path('~/.hermes')
    return existsSync(join(usual, 'state.db')) ? usual : null
  }

  if (problems.length > 0) throw new SettingsError(problems)
  return {
    port,
    host,
    home,
    hermesHome: hermesHome(),
    model: model?.value ?? null,
    providers,
    mcpServers,
    approvals,
    titles,
    compactAt,
    durable,
    offlineDelay,
    limits,
    warnings,
  }
}

/** A problem with a value, one line for each unknown key. Only plain values are shown: others may hold a key. */
function describe(issue: z.core.$ZodIssue, where: string, raw: unknown): string[] {
  const place = [where, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${place}.${key}: unknown key; it has to be one of ${keysAt(where).join(', ')}`)
  }
  return [`${place}: ${issue.path.length === 0 ? shown(raw) : 'it'} has to be ${issue.message}`]
}

const keysAt = (where: string): readonly string[] => (where.endsWith('limits') ? limitKeys : providerKeys)

const shown = (raw: unknown): string => (typeof raw === 'object' ? 'it' : JSON.stringify(raw))

/** What a model may be named by. Providers that are wrong have names all the same. */
function knownModels(raw: unknown, providers: readonly Provider[] | null): KnownModels {
  if (providers) return configuredModels(providers)
  if (typeof raw !== 'object' || raw === null) return foundByThemselves
  return configuredModels(Object.keys(raw).map((name) => ({ name, models: null })))
}
