import { resolvePath } from '../resolve-path.ts'
import { listConfigKeys, settingDefinitions as definitions } from '../setting-definitions.ts'
import { SettingsReader } from '../settings-reader.ts'
import type { ConfiguredApprovals } from './approvals.ts'
import type { ConfiguredMcpServer } from './mcp/mcp-server.ts'
import { type AllowedModelNames, toAllowedModelNames, validateModelId } from './model-id.ts'
import { type BudgetSettings, budgetKeys, resolveBudgets } from './budgets.ts'
import { type ModelPriceRules, resolvePrices } from './prices.ts'
import type { Provider } from './provider.ts'
import { resolveMcpServers } from './mcp/resolve-mcp-servers.ts'
import { resolveProviders } from './resolve-providers.ts'

/** The settings that every profile has for itself. */
export interface ProfileSettings {
  /** `<provider>/<name>`. Null: the first available model. */
  readonly model: string | null
  /** Null: none are configured, and discovered providers are used. */
  readonly providers: readonly Provider[] | null
  /** The servers that provide tools, including those that are not used. */
  readonly mcpServers: readonly ConfiguredMcpServer[]
  /** If several patterns match the name of a tool, the last one applies. */
  readonly approvals: ConfiguredApprovals
  /** Whether models are offered the built-in tool `clarify`. */
  readonly offersClarify: boolean
  /** Whether a model writes the titles of sessions. */
  readonly generateTitles: boolean
  /** If several patterns match a model, the last one applies. */
  readonly prices: ModelPriceRules
  /** What it may use. */
  readonly budgets: BudgetSettings
  /** Fraction of the context window at which a session is compacted. 0: never. */
  readonly autoCompactThreshold: number
}

/** The settings that chats have. */
export type ChatSettings = Pick<ProfileSettings, 'autoCompactThreshold' | 'generateTitles' | 'budgets'>

export interface ProfileSettingsInputs {
  /** Where API keys and variables of config.json are looked up. */
  readonly env: NodeJS.ProcessEnv
  /** The home directory of the user, which `~` stands for. */
  readonly homedir: string
  /** The folder of the profile. Paths in its config.json are relative to it. */
  readonly home: string
}

/** The settings of a named profile. It has no discovered providers. */
export interface ProfileSettingsWithProviders extends ProfileSettings {
  readonly providers: readonly Provider[]
}

/**
 * Resolves the settings of one profile from what the reader has loaded. `defaultModels` are the models that can be named
 * if no provider is configured.
 */
export function resolveProfileSettings(
  reader: SettingsReader,
  inputs: ProfileSettingsInputs,
  defaultModels: AllowedModelNames,
): ProfileSettings {
  const providers = readProviders(reader, inputs)
  const knownModels = resolveKnownModels(reader.rawFileValue('providers'), providers, defaultModels)
  return {
    model: reader.read(definitions.model, (id) => validateModelId(id, knownModels)).value,
    providers,
    mcpServers: readMcpServers(reader, inputs),
    approvals: reader.read(definitions.approvals).value,
    offersClarify: reader.read(definitions.clarify).value,
    generateTitles: reader.read(definitions.titles).value,
    prices: readPrices(reader),
    budgets: readBudgets(reader),
    autoCompactThreshold: reader.read(definitions.compactAt).value,
  }
}

/**
 * Reads the settings of a named profile from its config.json alone. Settings and discovered providers of the profile
 * `default` do not apply to it. Throws a SettingsError that lists all problems.
 */
export function readProfileSettings(
  inputs: ProfileSettingsInputs,
): ProfileSettingsWithProviders & { readonly warnings: readonly string[] } {
  const reader = new SettingsReader(new Map(), {})
  reader.loadFile(inputs.home, [...listConfigKeys(['profile']), definitions.limits.key ?? ''])
  reportServerLimits(reader)
  const settings = resolveProfileSettings(reader, inputs, toAllowedModelNames([]))
  reader.assertValid()
  return { ...settings, providers: settings.providers ?? [], warnings: reader.warnings }
}

function readProviders(reader: SettingsReader, { env }: ProfileSettingsInputs): readonly Provider[] | null {
  const { source, value } = reader.read(definitions.providers)
  if (value === null) return null
  const { providers, warnings } = resolveProviders(value, env, source.label)
  reader.report({ warnings })
  return providers
}

function readMcpServers(
  reader: SettingsReader,
  { env, homedir, home }: ProfileSettingsInputs,
): readonly ConfiguredMcpServer[] {
  const { source, value } = reader.read(definitions.mcpServers)
  if (value === null) return []
  const toAbsolutePath = (path: string): string => resolvePath(home, path, homedir)
  const { servers, warnings } = resolveMcpServers(value, { env, label: source.label, toAbsolutePath })
  reader.report({ warnings })
  return servers
}

function readPrices(reader: SettingsReader): ModelPriceRules {
  const { source, value } = reader.read(definitions.prices)
  const { prices, warnings } = resolvePrices(value, source.label)
  reader.report({ warnings })
  return prices
}

function readBudgets(reader: SettingsReader): BudgetSettings {
  const { budgets, warnings } = resolveBudgets(reader.rawFileValue('limits'), reader.labelFileKey('limits'))
  reader.report({ warnings })
  return budgets
}

/** Warns of limits in a named profile that only the server has. */
function reportServerLimits(reader: SettingsReader): void {
  const limits = reader.rawFileValue('limits')
  const keys = typeof limits === 'object' && limits !== null ? Object.keys(limits) : []
  const ignored = keys.filter((key) => !budgetKeys.some((known) => known === key))
  const label = reader.labelFileKey('limits')
  const toWarning = (key: string) =>
    `${label}.${key}: This limit is set for the server. It is ignored; a profile has ${budgetKeys.join(' and ')}.`
  reader.report({ warnings: ignored.map(toWarning) })
}

/** The models that can be named. If the providers are invalid, their names still count: one problem is enough. */
function resolveKnownModels(
  rawProviders: unknown,
  providers: readonly Provider[] | null,
  defaultModels: AllowedModelNames,
): AllowedModelNames {
  if (providers) return toAllowedModelNames(providers)
  if (typeof rawProviders !== 'object' || rawProviders === null) return defaultModels
  return toAllowedModelNames(Object.keys(rawProviders).map((name) => ({ name, models: null })))
}
