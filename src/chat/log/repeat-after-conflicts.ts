import { LogVersionConflictError } from '../../storage/errors.ts'

const maxAttempts = 10

/**
 * Runs a command that writes the log of a session, and again if another process has written it meanwhile: then nothing was
 * written here, and the other process may run a stream in it now.
 */
export async function repeatAfterConflicts<Result>(command: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await command()
    } catch (error) {
      if (!(error instanceof LogVersionConflictError) || attempt === maxAttempts) throw error
    }
  }
}
