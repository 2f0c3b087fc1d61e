import { LruCache } from '../../../lib/lru-cache.ts'

/**
 * Errors of responses that are on their way through the AI SDK. The error of a stream overtakes the text before it, which
 * would be lost, and the SDK replaces it by one of its own. So an error travels as an event, with a token as its message.
 * An answer that is aborted never takes its error, therefore old ones are dropped.
 */
const pendingErrors = new LruCache<string, { readonly error: unknown }>(1000)

/** An event that both packages of the SDK pass on as an error. */
export function createProviderErrorEvent(error: unknown): object {
  const token = `response-error ${crypto.randomUUID()}`
  pendingErrors.set(token, { error })
  return { type: 'error', error: { type: 'error', message: token } }
}

/** Returns the original of an error that the SDK reports. Other errors are returned as they are. */
export function unwrapProviderResponseError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('message' in error)) return error
  const pending = typeof error.message === 'string' ? pendingErrors.get(error.message) : undefined
  return pending ? pending.error : error
}
