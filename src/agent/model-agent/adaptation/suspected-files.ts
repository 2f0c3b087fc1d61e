import { isLinkedFile, type RequestFile } from './request-content.ts'

/**
 * Guesses which files of a request were refused, if the error does not say: first those that the provider had to fetch, then
 * those of the newest message that has any, because earlier ones were accepted before; then all.
 */
export class SuspectedFiles {
  readonly #guesses: ReadonlySet<string>[]

  constructor(files: readonly RequestFile[]) {
    const newest = Math.max(...files.map(({ messageIndex }) => messageIndex))
    const groups = [files.filter(isLinkedFile), files.filter(({ messageIndex }) => messageIndex === newest), files]
    this.#guesses = groups.map((group) => new Set(group.map(({ key }) => key))).filter(({ size }) => size > 0)
  }

  /** The keys of the files that are left out next, in place of the last ones. Null if they are not the reason. */
  guessNext(): ReadonlySet<string> | null {
    const [guess, ...others] = this.#guesses
    if (!guess) return null
    // A group may be the same as the next one.
    this.#guesses.splice(0, Infinity, ...others.filter((other) => other.symmetricDifference(guess).size > 0))
    return guess
  }
}
