import type { z } from 'zod'
import { type ConfigFile, readConfigFile } from './config-file.ts'
import { limitKeys } from './limits.ts'
import { providerKeys } from './profile/providers.ts'
import type { Setting } from './setting-definitions.ts'

/** A value, and where it was given. */
export interface Given<T> {
  readonly where: string
  readonly value: T
}

/** Reads settings out of flags, environment and a config.json, and collects what is wrong with them. */
export class SettingsReader {
  readonly problems: string[]
  readonly #flags: ReadonlyMap<string, string | null>
  readonly #env: NodeJS.ProcessEnv
  // The file lies in the home, which is itself a setting: it is empty until that is known.
  #file: ConfigFile = new Map()
  #path = ''

  constructor(flags: ReadonlyMap<string, string | null>, env: NodeJS.ProcessEnv, problems: string[]) {
    this.#flags = flags
    this.#env = env
    this.problems = problems
  }

  /** From now on values may come from this file, in which only `known` keys may stand. */
  open(path: string, known: readonly string[]): void {
    this.#path = path
    this.#file = readConfigFile(path, known, this.problems)
  }

  /** A key of the file as it was given; undefined without one. */
  raw(key: string): unknown {
    return this.#file.get(key)
  }

  isFromFile({ where }: Given<unknown>): boolean {
    return where.startsWith(`${this.#path}: `)
  }

  /** The value that wins. The others are checked too: a wrong one would wait for the day when it does. */
  read<T>(setting: Setting<T>, fault: (value: T) => string | null = () => null): Given<T> | null {
    let winner: Given<T> | null = null
    for (const { where, raw } of this.#given(setting)) {
      const parsed = setting.schema.safeParse(raw)
      const wrong = parsed.success ? fault(parsed.data) : null
      if (!parsed.success) this.problems.push(...parsed.error.issues.flatMap((issue) => describe(issue, where, raw)))
      else if (wrong !== null) this.problems.push(`${where}: ${shown(raw)} has to be ${wrong}`)
      else winner ??= { where, value: parsed.data }
    }
    return winner
  }

  /** Every value that a setting was given, the one that wins first. */
  *#given<T>({ flag, flagMeans, env: variable, key, fromText }: Setting<T>) {
    const flagText = flag === null ? undefined : this.#flags.get(flag)
    if (flagText !== undefined) yield { where: `--${flag}`, raw: flagText === null ? flagMeans : fromText(flagText) }
    const text = variable === null ? undefined : this.#env[variable]
    if (text) yield { where: `${variable}`, raw: fromText(text) }
    if (key !== null && this.#file.has(key)) yield { where: `${this.#path}: ${key}`, raw: this.#file.get(key) }
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
