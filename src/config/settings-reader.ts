import type { z } from 'zod'
import { type ConfigFile, readConfigFile } from './config-file.ts'
import { limitKeys } from './limits.ts'
import { providerKeys } from './profile/providers.ts'
import type { SettingDefinition } from './setting-definitions.ts'

/** A value, and where it was given. */
export interface SettingValue<T> {
  readonly source: string
  readonly value: T
}

/** Reads settings out of flags, environment and a config.json, and collects what is wrong with them. */
export class SettingsReader {
  readonly problems: string[]
  readonly #flags: ReadonlyMap<string, string | null>
  readonly #env: NodeJS.ProcessEnv
  // The file lies in the home, which is itself a setting: it is empty until that is known.
  #fileValues: ConfigFile = new Map()
  #filePath = ''

  constructor(flags: ReadonlyMap<string, string | null>, env: NodeJS.ProcessEnv, problems: string[]) {
    this.#flags = flags
    this.#env = env
    this.problems = problems
  }

  /** From now on values may come from this file, in which only `known` keys may stand. */
  loadFile(path: string, allowedKeys: readonly string[]): void {
    this.#filePath = path
    this.#fileValues = readConfigFile(path, allowedKeys, this.problems)
  }

  /** A key of the file as it was given; undefined without one. */
  rawFileValue(key: string): unknown {
    return this.#fileValues.get(key)
  }

  isFromFile({ source }: SettingValue<unknown>): boolean {
    return source.startsWith(`${this.#filePath}: `)
  }

  /** The value that wins. The others are checked too: a wrong one would wait for the day when it does. */
  read<T>(setting: SettingDefinition<T>, validate: (value: T) => string | null = () => null): SettingValue<T> | null {
    let winner: SettingValue<T> | null = null
    for (const { where: source, raw } of this.#listCandidates(setting)) {
      const parsed = setting.schema.safeParse(raw)
      const problem = parsed.success ? validate(parsed.data) : null
      if (!parsed.success)
        this.problems.push(...parsed.error.issues.flatMap((issue) => describeIssue(issue, source, raw)))
      else if (problem !== null) this.problems.push(`${source}: ${problem}`)
      else winner ??= { source, value: parsed.data }
    }
    return winner
  }

  /** Every value that a setting was given, the one that wins first. */
  *#listCandidates<T>({ flag, flagValue, env: variable, key, parseText }: SettingDefinition<T>) {
    const flagText = flag === null ? undefined : this.#flags.get(flag)
    if (flagText !== undefined) yield { where: `--${flag}`, raw: flagText === null ? flagValue : parseText(flagText) }
    const text = variable === null ? undefined : this.#env[variable]
    if (text) yield { where: `${variable}`, raw: parseText(text) }
    if (key !== null && this.#fileValues.has(key))
      yield { where: `${this.#filePath}: ${key}`, raw: this.#fileValues.get(key) }
  }
}

/** A problem with a value, one line for each unknown key. Only plain values are shown: others may hold a key. */
function describeIssue(issue: z.core.$ZodIssue, source: string, raw: unknown): string[] {
  const location = [source, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) => `${location}.${key}: unknown key; it has to be one of ${allowedKeysFor(source).join(', ')}`,
    )
  }
  return [`${location}: ${issue.path.length === 0 ? formatValue(raw) : 'it'} has to be ${issue.message}`]
}

const allowedKeysFor = (source: string): readonly string[] => (source.endsWith('limits') ? limitKeys : providerKeys)

const formatValue = (raw: unknown): string => (typeof raw === 'object' ? 'it' : JSON.stringify(raw))
