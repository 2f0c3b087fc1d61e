import { AgentError } from '../../agent/agent.ts'
import type { Logger } from '../../lib/logger.ts'
import type { StreamFailure } from '../../model/stream.ts'

/** What clients are told of an agent's error. An unexpected one is logged. */
export function toStreamFailure(error: unknown, log: Logger): StreamFailure {
  if (error instanceof AgentError) {
    const { code, message, retryAt } = error
    return { code, message, ...(retryAt !== null && { retryAt }) }
  }
  log.error({ err: error }, 'An agent failed with an unexpected error.')
  return { code: 'PROVIDER', message: 'The agent failed unexpectedly. See the log of the server for details.' }
}
