import { createContext, Script } from 'node:vm'

/** Runs in a context of its own, because only that has a time limit. */
const script = new Script('pattern.test(text)')
const context = createContext({ pattern: /^/, text: '' })

/**
 * The time that the patterns of one validation may take. Schemas come from other programs, and a pattern with nested
 * repetitions would block the process for ever.
 */
export class PatternTimeBudget {
  #remainingMs: number

  constructor(totalMs: number) {
    this.#remainingMs = totalMs
  }

  /** Whether the text matches. True as well if there is no time to find out. */
  test(pattern: RegExp, text: string): boolean {
    if (this.#remainingMs < 1) return true
    const startedAt = performance.now()
    try {
      Object.assign(context, { pattern, text })
      return script.runInContext(context, { timeout: Math.ceil(this.#remainingMs) }) === true
    } catch {
      this.#remainingMs = 0
      return true
    } finally {
      this.#remainingMs -= performance.now() - startedAt
    }
  }
}

/** A pattern of a JSON Schema. One that is no regular expression matches everything. */
export class TimeLimitedSchemaPattern {
  readonly #source: string
  readonly #regExp: RegExp | null
  readonly #budget: PatternTimeBudget

  constructor(source: string, budget: PatternTimeBudget) {
    this.#source = source
    this.#regExp = toRegExp(source)
    this.#budget = budget
  }

  test(text: string): boolean {
    return this.#regExp === null || this.#budget.test(this.#regExp, text)
  }

  /** The validator tells patterns apart by this. */
  toString(): string {
    return this.#source
  }
}

/** Patterns are Unicode regular expressions. Some generators escape more than those allow. */
function toRegExp(source: string): RegExp | null {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(source, flags)
    } catch {
      // The other flags may allow it.
    }
  }
  return null
}
