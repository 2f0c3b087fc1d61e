import { isIPv4 } from 'node:net'
import { z } from 'zod'
import { approvalsSchema } from './profile/approvals.ts'
import { defaultLimits, limitsSchema } from './limits.ts'
import { mcpServersSchema } from './profile/mcp-servers.ts'
import { invalidModelIdMessage } from './profile/model-id.ts'
import { providersSchema } from './profile/providers.ts'

/**
 * One thing that can be set. A flag wins over the environment, that over config.json, and that over the default;
 * `null` says that it cannot be set in that way.
 */
export interface SettingDefinition<T> {
  /** Without its dashes. */
  readonly flag: string | null
  /** What the help calls the flag's value; null: the flag takes none. */
  readonly argument: string | null
  /** What giving a flag without a value means. */
  readonly flagValue: T | null
  readonly env: string | null
  /** Its key in config.json, where it has the type that the schema wants. */
  readonly key: string | null
  /** In words, for the help and the README. */
  readonly default: string
  readonly description: string
  readonly schema: z.ZodType<T>
  /** The text of a flag or a variable as config.json would hold it; the schema refuses what makes no sense. */
  readonly parseText: (text: string) => unknown
}

type SettingOptions<T> = Pick<SettingDefinition<T>, 'default' | 'description' | 'schema'> &
  Partial<SettingDefinition<T>>

function defineSetting<T>(options: SettingOptions<T>): SettingDefinition<T> {
  return { flag: null, argument: null, flagValue: null, env: null, key: null, parseText: (text) => text, ...options }
}

const parseNumber = (text: string): unknown => (/^\d{1,9}$/.test(text) ? Number(text) : text)

const booleanWords = new Map<string, unknown>(Object.entries({ '1': true, true: true, '0': false, false: false }))
const parseBoolean = (text: string): unknown => booleanWords.get(text) ?? text

const integerBetween = (min: number, max: number) => {
  const error = `an integer from ${min} to ${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

const pathSchema = z.string({ error: 'a path' }).regex(/^[^\0]+$/, { error: 'a path' })

const loopbackRule =
  'localhost, an address in 127.0.0.0/8, or ::1: servers that others than this machine can reach are not supported yet'

const hostSchema = z
  .string({ error: loopbackRule })
  .transform((name) => (name === '[::1]' ? '::1' : name.toLowerCase()))
  .refine((name) => name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.')), {
    error: loopbackRule,
  })

/** Everything that can be set; the help, the README and the reading of settings all come from here. */
export const settingDefinitions = {
  port: defineSetting({
    flag: 'port',
    argument: '<number>',
    env: 'SEGUE_PORT',
    key: 'port',
    default: '4000',
    description: 'The port to listen on; 0 takes any free one.',
    schema: integerBetween(0, 65_535),
    parseText: parseNumber,
  }),
  host: defineSetting({
    flag: 'host',
    argument: '<name>',
    env: 'SEGUE_HOST',
    key: 'host',
    default: '127.0.0.1',
    description: 'The address to listen on: localhost, one in 127.0.0.0/8, or ::1.',
    schema: hostSchema,
  }),
  home: defineSetting({
    flag: 'home',
    argument: '<folder>',
    env: 'SEGUE_HOME',
    default: '~/.segue',
    description: 'Where Segue keeps its sessions and looks for config.json.',
    schema: pathSchema,
  }),
  hermesHome: defineSetting({
    flag: 'hermes-home',
    argument: '<folder>',
    env: 'HERMES_HOME',
    key: 'hermesHome',
    default: '~/.hermes, if it holds a state.db',
    description: 'The home of the Hermes agent whose sessions are shown; they are only ever read.',
    schema: pathSchema,
  }),
  hermes: defineSetting<boolean>({
    flag: 'no-hermes',
    flagValue: false,
    key: 'hermes',
    default: 'true',
    description: 'Whether the sessions of Hermes are shown; the flag says no.',
    schema: z.boolean({ error: 'true or false' }),
  }),
  model: defineSetting({
    flag: 'model',
    argument: '<provider>/<name>',
    env: 'SEGUE_MODEL',
    key: 'model',
    default: 'the first one there is',
    description: 'The model of sessions that name none.',
    schema: z.string({ error: invalidModelIdMessage }),
  }),
  providers: defineSetting({
    key: 'providers',
    default: 'openai and anthropic if their keys are set, ollama if it answers',
    description: 'Where models come from, by name.',
    schema: providersSchema,
  }),
  mcpServers: defineSetting({
    key: 'mcpServers',
    default: 'none',
    description: 'The MCP servers whose tools models can use, by name, in the form that other clients have them.',
    schema: mcpServersSchema,
  }),
  approvals: defineSetting({
    key: 'approvals',
    default: 'tools that only read run, others ask',
    description: 'Which tools run, ask first, or are refused, by patterns of their names.',
    schema: approvalsSchema,
  }),
  titles: defineSetting<boolean>({
    key: 'titles',
    default: 'true',
    description:
      "Whether a model gives a session its title after the first answer; before that it is the message's beginning.",
    schema: z.boolean({ error: 'true or false' }),
  }),
  compactAt: defineSetting({
    key: 'compactAt',
    default: '0.8',
    description:
      "The share of the model's context from which on a session is summarised and continued by a new one; 0 for never.",
    schema: z.number({ error: 'a number from 0 to 1' }).min(0, { error: 'a number from 0 to 1' }).max(1, {
      error: 'a number from 0 to 1',
    }),
  }),
  durable: defineSetting<boolean>({
    flag: 'durable',
    flagValue: true,
    env: 'SEGUE_DURABLE',
    key: 'durable',
    default: 'false',
    description: 'Whether every commit waits for the disk, so that a power cut loses nothing either.',
    schema: z.boolean({ error: '1, true, 0 or false' }),
    parseText: parseBoolean,
  }),
  offlineDelay: defineSetting({
    flag: 'offline-delay',
    argument: '<milliseconds>',
    env: 'SEGUE_OFFLINE_DELAY',
    key: 'offlineDelay',
    default: '120',
    description: 'The time between two words of the offline agent, in milliseconds, up to 60000.',
    schema: integerBetween(0, 60_000),
    parseText: parseNumber,
  }),
  limits: defineSetting({
    key: 'limits',
    default: Object.entries(defaultLimits)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    description: 'How much the server takes on at once, and how many seconds it waits for others.',
    schema: limitsSchema,
  }),
}

/** The same, as a list in the order of the help. */
export const allSettings: readonly SettingDefinition<unknown>[] = Object.values(settingDefinitions)
