import { inspect } from 'node:util'
import { redactKnownSecrets } from '../lib/text/known-secrets.ts'

/** Prints an error, or a message, to stderr and ends the process with status 1. */
export function exitWithError(reason: unknown): never {
  process.stderr.write(`${redactKnownSecrets(typeof reason === 'string' ? reason : inspect(reason))}\n`)
  process.exit(1)
}
