import { join } from 'node:path'
import type { z } from 'zod'
import { readConfigFile } from './config-file.ts'
import { renameConfigKeys } from './rename-config-keys.ts'
import type { SettingDefinition } from './setting-definition.ts'
import { SettingsError } from './settings-error.ts'

/** Where a value comes from. */
export interface SettingSource {
  readonly kind: 'flag' | 'env' | 'file' | 'default'
  /** As messages show it: `--port`, `SEGUE_PORT` or `<path>: port`. */
  readonly label: string
}

export interface SettingValue<T> {
  readonly source: SettingSource
  readonly value: T
}

/** Problems and warnings of a part of the settings. Each item is one line for the user. */
export interface SettingsDiagnostics {
  /** Reasons not to start. */
  readonly problems?: readonly string[]
  /** Oddities that do not prevent a start. */
  readonly warnings?: readonly string[]
}

interface Candidate {
  readonly source: SettingSource
  readonly raw: unknown
}

/** Reads settings from flags, the environment and a config.json, and collects their problems and warnings. */
export class SettingsReader {
  readonly #flags: ReadonlyMap<string, string | null>
  readonly #env: NodeJS.ProcessEnv
  readonly #problems: string[] = []
  readonly #warnings: string[] = []
  // Empty until `loadFile`: the location of the file depends on a setting.
  #fileValues: ReadonlyMap<string, unknown> = new Map()
  #filePath = ''

  constructor(flags: ReadonlyMap<string, string | null>, env: NodeJS.ProcessEnv) {
    this.#flags = flags
    this.#env = env
  }

  get warnings(): readonly string[] {
    return this.#warnings
  }

  /** Adds problems and warnings that were found outside the reader. */
  report({ problems = [], warnings = [] }: SettingsDiagnostics): void {
    this.#problems.push(...problems)
    this.#warnings.push(...warnings)
  }

  /** Throws a SettingsError if there are problems. */
  assertValid(): void {
    if (this.#problems.length > 0) throw new SettingsError(this.#problems)
  }

  /** Loads the config.json of a folder, in which only the given keys are allowed. */
  loadFile(folder: string, allowedKeys: readonly string[]): void {
    this.#filePath = join(folder, 'config.json')
    const { values, ...report } = readConfigFile(this.#filePath, allowedKeys)
    this.#fileValues = values
    this.report(report)
  }

  /** A key of config.json as messages show it. */
  labelFileKey(key: string): string {
    return `${this.#filePath}: ${key}`
  }

  /** The unchecked value of a key in config.json; undefined if the key is missing. */
  rawFileValue(key: string): unknown {
    return this.#fileValues.get(key)
  }

  /**
   * Returns the value with the highest precedence, or the default. Overridden values are validated as well, so that their
   * errors do not surface later. `validate` returns a problem of a value that fits the schema, or null.
   */
  read<T, D>(
    definition: SettingDefinition<T, D>,
    validate: (value: T) => string | null = () => null,
  ): SettingValue<T | D> {
    const values = this.#listCandidates(definition).flatMap((candidate) => {
      const parsed = this.#parse(definition, candidate, validate)
      return parsed ? [parsed] : []
    })
    return values[0] ?? { source: { kind: 'default', label: 'default' }, value: definition.default }
  }

  #parse<T, D>(
    { schema, renamedKeys, isSecret }: SettingDefinition<T, D>,
    { source, raw }: Candidate,
    validate: (value: T) => string | null,
  ): SettingValue<T> | null {
    const { value, warnings } = renameConfigKeys(raw, renamedKeys)
    this.report({ warnings: warnings.map(({ key, message }) => `${source.label}.${key}: ${message}`) })
    const parsed = schema.safeParse(value)
    if (!parsed.success) {
      this.report({
        problems: parsed.error.issues.flatMap((issue) => describeIssue(issue, source, isSecret ? {} : raw)),
      })
      return null
    }
    const problem = validate(parsed.data)
    if (problem !== null) this.report({ problems: [`${source.label}: ${problem}`] })
    return problem === null ? { source, value: parsed.data } : null
  }

  /** All values of a setting, the one with the highest precedence first. */
  #listCandidates<T, D>({ flag, flagValue, env, key, parseText }: SettingDefinition<T, D>): Candidate[] {
    const candidates: Candidate[] = []
    const flagText = flag === null ? undefined : this.#flags.get(flag)
    if (flagText !== undefined) {
      const raw = flagText === null ? flagValue : parseText(flagText)
      candidates.push({ source: { kind: 'flag', label: `--${flag}` }, raw })
    }
    const variable = env === null ? undefined : this.#env[env]
    if (env !== null && variable) candidates.push({ source: { kind: 'env', label: env }, raw: parseText(variable) })
    if (key !== null && this.#fileValues.has(key))
      candidates.push({
        source: { kind: 'file', label: `${this.#filePath}: ${key}` },
        raw: this.#fileValues.get(key),
      })
    return candidates
  }
}

/** One line for each problem. Only plain values of a setting itself are shown: nested ones may be secrets. */
function describeIssue(issue: z.core.$ZodIssue, { label }: SettingSource, raw: unknown): string[] {
  const location = [label, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${location}.${key}: ${issue.message}`)
  const isShown = issue.path.length === 0 && typeof raw !== 'object'
  return [`${location}: ${isShown ? `Invalid value ${JSON.stringify(raw)}. ` : ''}${issue.message}`]
}
