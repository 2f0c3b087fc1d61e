/** Prints an error, or a message, to stderr and ends the process with status 1. */
export function exitWithError(reason: unknown): never {
  console.error(reason)
  process.exit(1)
}
