/**
 * Why a file cannot be converted:
 * - `damaged`: its bytes are not what they should be, or they contain nothing.
 * - `encrypted`: it needs a password.
 * - `too-large`: it is larger than a limit once it is decoded, or decoding it takes too much time or memory.
 * - `unavailable`: the converter does not work on this machine.
 */
export type FileConversionProblem = 'damaged' | 'encrypted' | 'too-large' | 'unavailable'

/** A file could not be converted. The message is safe to send to clients. */
export class FileConversionError extends Error {
  override readonly name = 'FileConversionError'
  readonly problem: FileConversionProblem

  constructor(problem: FileConversionProblem, message: string, options?: ErrorOptions) {
    super(message, options)
    this.problem = problem
  }
}
