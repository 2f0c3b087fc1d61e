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
  /** Throws where nothing may be started: over a transport that is for reading only. */
  readonly assertCanStart: () => void
  /** Called when the reader of a stream has everything already. */
  readonly onFullyRead: () => void
}

/** What a transport tells of the caller. */
export type RequestInfo = Omit<Context, 'profiles'>

const defaultRequestInfo: RequestInfo = {
  operationId: null,
  signal: new AbortController().signal,
  lastEventId: null,
  assertCanStart: () => undefined,
  onFullyRead: () => undefined,
}

export function createContext(registry: ProfileRegistry, requestInfo: Partial<RequestInfo> = {}): Context {
  return { ...defaultRequestInfo, ...requestInfo, profiles: new ProfileLookup(registry) }
}

/** The same caller with nothing remembered: for the next execution, such as that of a subscription's next event. */
export function renewContext(context: Context): Context {
  return createContext(context.profiles.registry, context)
}
