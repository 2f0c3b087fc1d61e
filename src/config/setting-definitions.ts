import { isIPv4 } from 'node:net'
import { z } from 'zod'
import { approvalsSchema } from './profile/approvals.ts'
import { defaultLimits, limitsSchema } from './limits.ts'
import { mcpServersSchema } from './profile/mcp-servers.ts'
import { modelForm, providersSchema } from './profile/providers.ts'

/**
 * One thing that can be set. A flag wins over the environment, that over config.json, and that over the default;
 * `null` says that it cannot be set in that way.
 */
export interface Setting<T> {
  /** Without its dashes. */
  readonly flag: string | null
  /** What the help calls the flag's value; null: the flag takes none. */
  readonly argument: string | null
  /** What giving a flag without a value means. */
  readonly flagMeans: T | null
  readonly env: string | null
  /** Its key in config.json, where it has the type that the schema wants. */
  readonly key: string | null
  /** In words, for the help and the README. */
  readonly default: string
  readonly description: string
  readonly schema: z.ZodType<T>
  /** The text of a flag or a variable as config.json would hold it; the schema refuses what makes no sense. */
  readonly fromText: (text: string) => unknown
}

type Given<T> = Pick<Setting<T>, 'default' | 'description' | 'schema'> & Partial<Setting<T>>

function setting<T>(given: Given<T>): Setting<T> {
  return { flag: null, argument: null, flagMeans: null, env: null, key: null, fromText: (text) => text, ...given }
}

const numberFrom = (text: string): unknown => (/^\d{1,9}$/.test(text) ? Number(text) : text)

const switchWords = new Map<string, unknown>(Object.entries({ '1': true, true: true, '0': false, false: false }))
const switchFrom = (text: string): unknown => switchWords.get(text) ?? text

const whole = (least: number, most: number) => {
  const error = `an integer from ${least} to ${most}`
  return z.int({ error }).min(least, { error }).max(most, { error })
}

const path = z.string({ error: 'a path' }).regex(/^[^\0]+$/, { error: 'a path' })

const loopback =
  'localhost, an address in 127.0.0.0/8, or ::1: servers that others than this machine can reach are not supported yet'

const host = z
  .string({ error: loopback })
  .transform((name) => (name === '[::1]' ? '::1' : name.toLowerCase()))
  .refine((name) => name === 'localhost' || name === '::1' || (isIPv4(name) && name.startsWith('127.')), {
    error: loopback,
  })

/** Everything that can be set; the help, the README and the reading of settings all come from here. */
export const settingsTable = {
  port: setting({
    flag: 'port',
    argument: '<number>',
    env: 'SEGUE_PORT',
    key: 'port',
    default: '4000',
    description: 'The port to listen on; 0 takes any free one.',
    schema: whole(0, 65_535),
    fromText: numberFrom,
  }),
  host: setting({
    flag: 'host',
    argument: '<name>',
    env: 'SEGUE_HOST',
    key: 'host',
    default: '127.0.0.1',
    description: 'The address to listen on: localhost, one in 127.0.0.0/8, or ::1.',
    schema: host,
  }),
  home: setting({
    flag: 'home',
    argument: '<folder>',
    env: 'SEGUE_HOME',
    default: '~/.segue',
    description: 'Where Segue keeps its sessions and looks for config.json.',
    schema: path,
  }),
  hermesHome: setting({
    flag: 'hermes-home',
    argument: '<folder>',
    env: 'HERMES_HOME',
    key: 'hermesHome',
    default: '~/.hermes, if it holds a state.db',
    description: 'The home of the Hermes agent whose sessions are shown; they are only ever read.',
    schema: path,
  }),
  hermes: setting<boolean>({
    flag: 'no-hermes',
    flagMeans: false,
    key: 'hermes',
    default: 'true',
    description: 'Whether the sessions of Hermes are shown; the flag says no.',
    schema: z.boolean({ error: 'true or false' }),
  }),
  model: setting({
    flag: 'model',
    argument: '<provider>/<name>',
    env: 'SEGUE_MODEL',
    key: 'model',
    default: 'the first one there is',
    description: 'The model of sessions that name none.',
    schema: z.string({ error: modelForm }),
  }),
  providers: setting({
    key: 'providers',
    default: 'openai and anthropic if their keys are set, ollama if it answers',
    description: 'Where models come from, by name.',
    schema: providersSchema,
  }),
  mcpServers: setting({
    key: 'mcpServers',
    default: 'none',
    description: 'The MCP servers whose tools models can use, by name, in the form that other clients have them.',
    schema: mcpServersSchema,
  }),
  approvals: setting({
    key: 'approvals',
    default: 'tools that only read run, others ask',
    description: 'Which tools run, ask first, or are refused, by patterns of their names.',
    schema: approvalsSchema,
  }),
  titles: setting<boolean>({
    key: 'titles',
    default: 'true',
    description:
      "Whether a model gives a session its title after the first answer; before that it is the message's beginning.",
    schema: z.boolean({ error: 'true or false' }),
  }),
  compactAt: setting({
    key: 'compactAt',
    default: '0.8',
    description:
      "The share of the model's context from which on a session is summarised and continued by a new one; 0 for never.",
    schema: z.number({ error: 'a number from 0 to 1' }).min(0, { error: 'a number from 0 to 1' }).max(1, {
      error: 'a number from 0 to 1',
    }),
  }),
  durable: setting<boolean>({
    flag: 'durable',
    flagMeans: true,
    env: 'SEGUE_DURABLE',
    key: 'durable',
    default: 'false',
    description: 'Whether every commit waits for the disk, so that a power cut loses nothing either.',
    schema: z.boolean({ error: '1, true, 0 or false' }),
    fromText: switchFrom,
  }),
  offlineDelay: setting({
    flag: 'offline-delay',
    argument: '<milliseconds>',
    env: 'SEGUE_OFFLINE_DELAY',
    key: 'offlineDelay',
    default: '120',
    description: 'The time between two words of the offline agent, in milliseconds, up to 60000.',
    schema: whole(0, 60_000),
    fromText: numberFrom,
  }),
  limits: setting({
    key: 'limits',
    default: Object.entries(defaultLimits)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    description: 'How much the server takes on at once, and how many seconds it waits for others.',
    schema: limitsSchema,
  }),
}

/** The same, as a list in the order of the help. */
export const allSettings: readonly Setting<unknown>[] = Object.values(settingsTable)
