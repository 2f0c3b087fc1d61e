import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'

/** The ids of what is being done. They are in every log line that is written meanwhile. */
export interface LogContext {
  /** The id of the HTTP request, or of the operation of a WebSocket. */
  readonly request?: string | undefined
  readonly session?: string
  readonly stream?: string
}

const storage = new AsyncLocalStorage<LogContext>()
const noContext: LogContext = {}

/** Tells the requests of this process from those of others in the same log. */
const processPart = randomBytes(6).toString('base64url')
let requestCount = 0

/** An id for a request or an operation, in the order in which they arrive. Costs less than a random one for each. */
export function createRequestId(): string {
  requestCount += 1
  return `${processPart}-${requestCount}`
}

/** The ids of what is being done here. */
export function getLogContext(): LogContext {
  return storage.getStore() ?? noContext
}

/** Runs a task, and everything that it starts, with more ids. */
export function runWithLogContext<T>(context: LogContext, task: () => T): T {
  const outer = storage.getStore()
  return storage.run(outer ? { ...outer, ...context } : context, task)
}
