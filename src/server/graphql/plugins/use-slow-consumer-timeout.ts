import type { ServerResponse } from 'node:http'
import type { Plugin } from 'graphql-yoga'
import type { Caller } from '../../auth/caller.ts'
import type { RequestJson } from '../request-json.ts'

/** What Yoga passes to its plugins in Node. */
export interface YogaServerContext {
  readonly caller: Caller
  /** Null for a method without a body. */
  readonly body: RequestJson | null
  readonly res: ServerResponse
}

/**
 * Starts the timeout before the first byte is written: a large response ends only when the client has read most of it,
 * so a timeout that starts then would never disconnect a client that reads nothing. `readTimeoutMs` is called for each
 * response.
 */
export function useSlowConsumerTimeout(readTimeoutMs: () => number): Plugin<object, YogaServerContext> {
  return {
    onResponse({ serverContext }) {
      serverContext?.res.setTimeout(readTimeoutMs())
    },
  }
}
