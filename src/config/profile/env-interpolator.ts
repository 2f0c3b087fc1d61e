import { isInheritedVariable } from './child-process-environment.ts'
import { interpolateEnv } from './interpolate-env.ts'

/** Texts up to this length are not treated as secrets: replacing every `1` would make a log unreadable. */
const maxPublicLength = 3 // UTF-16 code units

/** Interpolates the environment variables of one config entry, and remembers which were unset and which are secret. */
export class EnvInterpolator {
  readonly unsetVariables = new Set<string>()
  readonly #env: NodeJS.ProcessEnv
  readonly #secrets: string[] = []

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  interpolate(template: string): string {
    const { text, resolved, unset } = interpolateEnv(template, this.#env)
    for (const { name, value } of resolved) if (!isInheritedVariable(name)) this.#secrets.push(value)
    for (const name of unset) this.unsetVariables.add(name)
    return text
  }

  interpolateAll(templates: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(templates).map(([name, value]) => [name, this.interpolate(value)]))
  }

  /** The given values, and the values of all variables that were interpolated so far, without duplicates. */
  collectSecrets(values: readonly string[]): string[] {
    return [...new Set([...values, ...this.#secrets])].filter(({ length }) => length > maxPublicLength)
  }
}
