import type { z } from 'zod'

/**
 * One setting. Sources in order of precedence: flag, environment variable, config.json, default. A source that is null
 * is not supported. `T` is the type of its values; `D` is the type of its default.
 */
export interface SettingDefinition<T, D = T> {
  /** Without the leading dashes. */
  readonly flag: string | null
  /** Placeholder of the flag's value in the help; null if the flag takes no value. */
  readonly argument: string | null
  /** Whether the flag may be given several times. Its texts are joined by commas, as in the environment variable. */
  readonly isRepeatable: boolean
  /** The value that a flag without an argument stands for. */
  readonly flagValue: T | null
  readonly env: string | null
  /** Key in config.json. */
  readonly key: string | null
  /** `profile`: every profile has its own value. `server`: set once for the server. */
  readonly scope: 'server' | 'profile'
  readonly default: D
  /** Describes the default in the documentation, if the value itself is not readable. */
  readonly defaultText: string | null
  readonly description: string
  /** Whether messages must not show its value. */
  readonly isSecret: boolean
  /** Its messages are sentences that say which values are allowed. */
  readonly schema: z.ZodType<T>
  /** Former names of keys in the value. They are accepted with a warning. */
  readonly renamedKeys: Readonly<Record<string, string>>
  /** Converts the text of a flag or a variable to the type in config.json. Invalid text is left to the schema. */
  readonly parseText: (text: string) => unknown
}

type RequiredFields = 'scope' | 'default' | 'description' | 'schema'

export function defineSetting<T, D>(
  options: Pick<SettingDefinition<T, D>, RequiredFields> & Partial<SettingDefinition<T, D>>,
): SettingDefinition<T, D> {
  return {
    flag: null,
    argument: null,
    isRepeatable: false,
    isSecret: false,
    flagValue: null,
    env: null,
    key: null,
    defaultText: null,
    renamedKeys: {},
    parseText: (text) => text,
    ...options,
  }
}

/** The default as the help and the documentation show it. */
export function formatSettingDefault({ default: value, defaultText }: SettingDefinition<unknown>): string {
  return defaultText ?? String(value)
}
