import type { ContextSummary } from './context-summary.ts'
import type { Usage } from '../usage.ts'

/**
 * A summary that is stored with a session while the session goes on: requests to a model begin with it in place of the
 * messages that it stands for, which may also be those of sessions before this one, of both origins.
 */
export interface ContextCheckpoint {
  readonly sessionId: string
  readonly summary: ContextSummary
  /** The model that wrote the summary, as `<provider>/<name>`. */
  readonly model: string
  /** What the summary took. It is counted in the session's usage, too. */
  readonly usage: Usage
  /** In epoch milliseconds. */
  readonly createdAt: number
}
