import { z } from 'zod'
import { accessSettingDefinitions } from './access/access-setting-definitions.ts'
import { persistedDocumentsSetting } from './http/trusted-documents.ts'
import { defaultLimits, limitsSchema, renamedLimits } from './limits.ts'
import { type ConfiguredApprovals, configuredApprovalsSchema } from './profile/approvals.ts'
import { mcpServersSchema } from './profile/mcp/mcp-servers-schema.ts'
import { invalidModelIdMessage } from './profile/model-id.ts'
import { providersSchema } from './profile/providers-schema.ts'
import { defineSetting, type SettingDefinition } from './setting-definition.ts'
import { pricesSchema } from './profile/prices.ts'
import { storageSettingDefinitions } from './storage/storage-setting-definitions.ts'
import { type LogLevel, logLevels } from '../lib/logger.ts'
import { booleanSchema, integerBetween, parseBoolean, pathSchema } from './value-schemas.ts'

const parseNumber = (text: string): unknown => (/^\d{1,9}$/.test(text) ? Number(text) : text)

const fractionError = 'Must be a number from 0 to 1.'
const fractionSchema = z
  .number({ error: fractionError })
  .min(0, { error: fractionError })
  .max(1, { error: fractionError })

const currencyError = 'Must be the code of a currency: three capital letters, such as EUR.'
const currencySchema = z.string({ error: currencyError }).regex(/^[A-Z]{3}$/, { error: currencyError })

const noRules: ConfiguredApprovals = {}
const noPrices: Readonly<Record<string, unknown>> = {}

/** All settings. The help, the documentation and the settings reader derive from this table. */
export const settingDefinitions = {
  port: defineSetting({
    flag: 'port',
    argument: '<number>',
    env: 'SEGUE_PORT',
    key: 'port',
    scope: 'server',
    default: 4000,
    description: 'Port to listen on. 0 selects any free port.',
    schema: integerBetween(0, 65_535),
    parseText: parseNumber,
  }),
  ...accessSettingDefinitions,
  home: defineSetting({
    flag: 'home',
    argument: '<folder>',
    env: 'SEGUE_HOME',
    scope: 'server',
    default: '~/.segue',
    description: 'Folder for sessions and config.json.',
    schema: pathSchema,
  }),
  ...storageSettingDefinitions,
  hermesHome: defineSetting({
    flag: 'hermes-home',
    argument: '<folder>',
    env: 'HERMES_HOME',
    key: 'hermesHome',
    scope: 'server',
    default: null,
    defaultText: '~/.hermes, if it contains a state.db',
    description: 'Home folder of the Hermes agent whose sessions are shown. Segue only reads it.',
    schema: pathSchema,
  }),
  hermes: defineSetting<boolean, boolean>({
    flag: 'no-hermes',
    flagValue: false,
    key: 'hermes',
    scope: 'server',
    default: true,
    description: 'Whether Hermes sessions are shown. The flag hides them.',
    schema: booleanSchema,
  }),
  model: defineSetting({
    flag: 'model',
    argument: '<provider>/<name>',
    env: 'SEGUE_MODEL',
    key: 'model',
    scope: 'profile',
    default: null,
    defaultText: 'the first available model',
    description: 'Model of sessions that do not name one.',
    schema: z.string({ error: invalidModelIdMessage }),
  }),
  providers: defineSetting({
    key: 'providers',
    scope: 'profile',
    default: null,
    defaultText: 'openai and anthropic if their API keys are set, ollama if it is running',
    description: 'Model providers, by name.',
    schema: providersSchema,
  }),
  instructions: defineSetting<unknown, null>({
    key: 'instructions',
    scope: 'profile',
    default: null,
    defaultText: 'those in INSTRUCTIONS.md in the same folder, if there is one',
    description:
      'Instructions for the model, a system prompt: a string of up to 65,536 characters. They are read again when the file changes.',
    // Read by ProfileInstructions. A bad value costs only the instructions.
    schema: z.unknown(),
  }),
  mcpServers: defineSetting({
    key: 'mcpServers',
    scope: 'profile',
    default: null,
    defaultText: 'none',
    description: 'MCP servers whose tools models can use, by name, in the format of other MCP clients.',
    schema: mcpServersSchema,
  }),
  approvals: defineSetting({
    key: 'approvals',
    scope: 'profile',
    default: noRules,
    defaultText: 'read-only tools run, other tools ask',
    description: 'Which tools run, ask first, or are denied, by patterns of tool names.',
    schema: configuredApprovalsSchema,
  }),
  clarify: defineSetting<boolean, boolean>({
    key: 'clarify',
    scope: 'profile',
    default: true,
    description: 'Whether models may ask the user questions, with the built-in tool `clarify`.',
    schema: booleanSchema,
  }),
  titles: defineSetting<boolean, boolean>({
    key: 'titles',
    scope: 'profile',
    default: true,
    description:
      'Whether a model writes the title of a session after the first answer. Until then, the title is the beginning of the message.',
    schema: booleanSchema,
  }),
  compactAt: defineSetting({
    key: 'compactAt',
    scope: 'profile',
    default: 0.8,
    description:
      "Fraction of the model's context window above which a session is summarised after a turn and continued in a new one. 0: never; only a request that does not fit is still shortened by a summary.",
    schema: fractionSchema,
  }),
  prices: defineSetting({
    key: 'prices',
    scope: 'profile',
    default: noPrices,
    defaultText: 'none',
    description: 'What a million tokens cost, by patterns of models, where the provider does not report the cost.',
    schema: pricesSchema,
  }),
  currency: defineSetting({
    key: 'currency',
    scope: 'server',
    default: 'USD',
    description: 'Currency of all prices, costs and budgets. What providers report in US dollars counts with USD only.',
    schema: currencySchema,
  }),
  durable: defineSetting<boolean, boolean>({
    flag: 'durable',
    flagValue: true,
    env: 'SEGUE_DURABLE',
    key: 'durable',
    scope: 'server',
    default: false,
    description: 'Whether every commit waits for the disk, so that a power failure loses nothing.',
    schema: z.boolean({ error: 'Must be 1, true, 0 or false.' }),
    parseText: parseBoolean,
  }),
  grace: defineSetting({
    flag: 'grace',
    argument: '<seconds>',
    env: 'SEGUE_GRACE',
    key: 'grace',
    scope: 'server',
    default: 10,
    description:
      'Seconds that running answers have to finish after a SIGTERM, up to 3600. Then they end as INTERRUPTED. A SIGINT gives them none.',
    schema: integerBetween(0, 3600),
    parseText: parseNumber,
  }),
  logLevel: defineSetting<LogLevel, LogLevel>({
    flag: 'log-level',
    argument: '<level>',
    env: 'SEGUE_LOG_LEVEL',
    key: 'logLevel',
    scope: 'server',
    default: 'info',
    description: 'The least important log entries that are written: debug, info, warn or error.',
    schema: z.enum(logLevels, { error: 'Must be one of debug, info, warn, error.' }),
  }),
  offlineDelay: defineSetting({
    flag: 'offline-delay',
    argument: '<milliseconds>',
    env: 'SEGUE_OFFLINE_DELAY',
    key: 'offlineDelay',
    scope: 'server',
    default: 120,
    description: 'Milliseconds between two words of the offline model, up to 60000.',
    schema: integerBetween(0, 60_000),
    parseText: parseNumber,
  }),
  persistedDocuments: persistedDocumentsSetting,
  limits: defineSetting({
    key: 'limits',
    scope: 'server',
    default: defaultLimits,
    defaultText: Object.entries(defaultLimits)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    description: 'Limits on operations and concurrent work, and timeouts in seconds.',
    schema: limitsSchema,
    renamedKeys: renamedLimits,
  }),
}

/** All settings, in the order of the help. */
export const allSettingDefinitions: readonly SettingDefinition<unknown>[] = Object.values(settingDefinitions)

/** The keys that a config.json may have: all keys for the server, fewer for a named profile. */
export function listConfigKeys(scopes: readonly SettingDefinition<unknown>['scope'][]): string[] {
  return allSettingDefinitions.flatMap(({ key, scope }) => (key !== null && scopes.includes(scope) ? [key] : []))
}
