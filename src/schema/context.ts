import type { ProfileRegistry } from '../services/profile-registry.ts'
import { ProfileLookup } from './profile-lookup.ts'

export interface Context {
  readonly profiles: ProfileLookup
  /** The id of the WebSocket message that asked; null over HTTP. */
  readonly operationId: string | null
  /** Aborted when whoever asked has left: what costs time is not worth it any more. */
  readonly signal: AbortSignal
  /** The newest event that an EventSource had before it came back. */
  readonly lastEventId: number | null
}

/** What a transport tells of the caller. */
export type RequestInfo = Omit<Context, 'profiles'>

const defaultRequestInfo: RequestInfo = {
  operationId: null,
  signal: new AbortController().signal,
  lastEventId: null,
}

export function createContext(registry: ProfileRegistry, requestInfo: Partial<RequestInfo> = {}): Context {
  return { ...defaultRequestInfo, ...requestInfo, profiles: new ProfileLookup(registry) }
}

/** The same caller with nothing remembered: for the next execution, such as that of a subscription's next event. */
export function renewContext(context: Context): Context {
  return createContext(context.profiles.registry, context)
}
