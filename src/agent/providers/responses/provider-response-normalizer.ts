import { APICallError } from 'ai'
import { stringifyJson } from '../../../lib/text/json.ts'
import { AgentError } from '../../agent.ts'

/**
 * Reads the response of one request, and brings it into one form. It accepts whatever can be understood: the AI SDK's packages
 * reject a whole event for one field that they do not expect.
 */
export interface ProviderResponseNormalizer<Output> {
  /**
   * Converts one JSON value of the response, an event of the stream or a whole answer. Throws an APICallError if the value is an
   * error, after what stands beside it.
   */
  normalize(value: unknown, eventName: string | null): Iterable<Output>
  /** Whether the provider has said that its answer is complete. */
  readonly hasEndMarker: boolean
  /** Yields what was held back. Called once, when the response has ended or broken off. */
  flush(): Iterable<Output>
  /**
   * Yields the end of the stream. Throws if the response is not complete. Called last. `hasDone`: whether the stream ended
   * with `[DONE]`, as all formats may behind a gateway.
   */
  finish(hasDone: boolean): Iterable<Output>
}

/**
 * Reports a part of a response that is not understood, by its kind: `event foo`, for example. `value` is given if it may
 * say why no answer comes.
 */
export type SkippedResponsePartReporter = (kind: string, value?: unknown) => void

/** The error of a response that has a successful status, or of an event in its stream. */
export function createProviderPayloadError(payload: unknown, statusCode?: number): APICallError {
  return new APICallError({
    url: '',
    message: '',
    requestBodyValues: {},
    responseBody: typeof payload === 'string' ? payload : stringifyJson(payload),
    ...(statusCode !== undefined && { statusCode }),
  })
}

export function createIncompleteResponseError(): AgentError {
  return new AgentError('PROVIDER', 'The provider ended its answer before it was complete. Try again.')
}
