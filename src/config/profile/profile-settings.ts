import { join, resolve } from 'node:path'
import type { ApprovalRules } from './approvals.ts'
import { resolveMcpServers } from './mcp-servers.ts'
import type { McpServer } from './mcp-server.ts'
import type { Provider } from './provider.ts'
import { toKnownModels, type KnownModels, validateModelId } from './model-id.ts'
import { resolveProviders } from './providers.ts'
import { settingDefinitions as table } from '../setting-definitions.ts'
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
  readonly generateTitles: boolean
  /** The share of a model's context from which on a session is compacted; 0: never by itself. */
  readonly autoCompactThreshold: number
}

export interface ProfileSettingsInputs {
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
export function resolveProfileSettings(
  reader: SettingsReader,
  { env, homedir, home }: ProfileSettingsInputs,
  warnings: string[],
  defaultModels: KnownModels,
): ProfileSettings {
  const entries = reader.read(table.providers)
  const providers = entries && resolveProviders(entries.value, env, entries.source, warnings)
  const allowedModels = resolveKnownModels(reader.rawFileValue('providers'), providers, defaultModels)
  const model = reader.read(table.model, (id) => validateModelId(id, allowedModels))
  const servers = reader.read(table.mcpServers)
  const toAbsolutePath = (text: string): string => resolvePath(home, text, homedir)
  return {
    model: model?.value ?? null,
    providers,
    mcpServers: servers
      ? resolveMcpServers(servers.value, { env, source: servers.source, toAbsolutePath }, reader.problems, warnings)
      : [],
    approvals: reader.read(table.approvals)?.value ?? {},
    generateTitles: reader.read(table.titles)?.value ?? true,
    autoCompactThreshold: reader.read(table.compactAt)?.value ?? Number(table.compactAt.default),
  }
}

/**
 * The settings of a named profile: its config.json alone, for nothing of another one stands in for what it does not
 * say; so are the providers that are found by their keys in the environment, which belong to `default`. What is wrong is
 * added to `problems`.
 */
export function readProfileSettings(
  inputs: ProfileSettingsInputs,
  problems: string[],
  warnings: string[],
): NamedProfileSettings {
  const reader = new SettingsReader(new Map(), {}, problems)
  reader.loadFile(join(inputs.home, 'config.json'), profileSettingKeys)
  const settings = resolveProfileSettings(reader, inputs, warnings, toKnownModels([]))
  return { ...settings, providers: settings.providers ?? [] }
}

const profileSettingKeys = ['model', 'providers', 'mcpServers', 'approvals', 'titles', 'compactAt']

export function resolvePath(base: string, text: string, homedir: string): string {
  return resolve(base, text.replace(/^~(?=\/|$)/, homedir))
}

/** What a model may be named by. Providers that are wrong have names all the same. */
function resolveKnownModels(
  raw: unknown,
  providers: readonly Provider[] | null,
  defaultModels: KnownModels,
): KnownModels {
  if (providers) return toKnownModels(providers)
  if (typeof raw !== 'object' || raw === null) return defaultModels
  return toKnownModels(Object.keys(raw).map((name) => ({ name, models: null })))
}
