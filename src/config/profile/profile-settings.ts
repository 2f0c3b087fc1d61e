import { join, resolve } from 'node:path'
import type { ApprovalRules } from './approvals.ts'
import { resolveMcpServers } from './mcp-servers.ts'
import type { McpServer } from './mcp-server.ts'
import type { Provider } from './provider.ts'
import { configuredModels, type KnownModels, modelFault, resolveProviders } from './providers.ts'
import { settingsTable as table } from '../setting-definitions.ts'
import { SettingsReader } from '../settings-reader.ts'

/** What each profile is told for itself. */
export interface ProfileSettings {
  /** As `<provider>/<name>`; null: the first one there is. */
  readonly model: string | null
  /** Null: none is configured, and those that are found by themselves are used. */
  readonly providers: readonly Provider[] | null
  /** What is started or called for its tools. */
  readonly mcpServers: readonly McpServer[]
  /** Of the patterns that fit a tool's name, the last one counts. */
  readonly approvals: ApprovalRules
  /** Whether a model gives sessions their titles. */
  readonly titles: boolean
  /** The share of a model's context from which on a session is compacted; 0: never by itself. */
  readonly compactAt: number
}

export interface ProfileSources {
  /** Where keys are looked up that the file names by a variable. */
  readonly env: NodeJS.ProcessEnv
  /** What `~` stands for. */
  readonly homedir: string
  /** The profile's folder, to which paths in its config.json are relative. */
  readonly home: string
}

/** A named profile's: no provider is there by itself. */
export type NamedProfileSettings = Omit<ProfileSettings, 'providers'> & { readonly providers: readonly Provider[] }

/**
 * The part of the settings that belongs to a profile, as far as a reader has it. `unconfigured`: what a model may be
 * named by where no provider is configured.
 */
export function profileSettings(
  reader: SettingsReader,
  { env, homedir, home }: ProfileSources,
  warnings: string[],
  unconfigured: KnownModels,
): ProfileSettings {
  const entries = reader.read(table.providers)
  const providers = entries && resolveProviders(entries.value, env, entries.where, warnings)
  const known = knownModels(reader.raw('providers'), providers, unconfigured)
  const model = reader.read(table.model, (id) => modelFault(id, known))
  const servers = reader.read(table.mcpServers)
  const path = (text: string): string => pathIn(home, text, homedir)
  return {
    model: model?.value ?? null,
    providers,
    mcpServers: servers
      ? resolveMcpServers(servers.value, { env, where: servers.where, path }, reader.problems, warnings)
      : [],
    approvals: reader.read(table.approvals)?.value ?? {},
    titles: reader.read(table.titles)?.value ?? true,
    compactAt: reader.read(table.compactAt)?.value ?? Number(table.compactAt.default),
  }
}

/**
 * The settings of a named profile: its config.json alone, for nothing of another one stands in for what it does not
 * say; so are the providers that are found by their keys in the environment, which belong to `default`. What is wrong is
 * added to `problems`.
 */
export function readProfileSettings(
  sources: ProfileSources,
  problems: string[],
  warnings: string[],
): NamedProfileSettings {
  const reader = new SettingsReader(new Map(), {}, problems)
  reader.open(join(sources.home, 'config.json'), profileKeys)
  const settings = profileSettings(reader, sources, warnings, configuredModels([]))
  return { ...settings, providers: settings.providers ?? [] }
}

const profileKeys = ['model', 'providers', 'mcpServers', 'approvals', 'titles', 'compactAt']

export function pathIn(base: string, text: string, homedir: string): string {
  return resolve(base, text.replace(/^~(?=\/|$)/, homedir))
}

/** What a model may be named by. Providers that are wrong have names all the same. */
function knownModels(raw: unknown, providers: readonly Provider[] | null, unconfigured: KnownModels): KnownModels {
  if (providers) return configuredModels(providers)
  if (typeof raw !== 'object' || raw === null) return unconfigured
  return configuredModels(Object.keys(raw).map((name) => ({ name, models: null })))
}
