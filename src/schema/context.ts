import type { Domains } from '../services/profile-registry.ts'
import { Scopes } from './profile-lookup.ts'

export interface Context {
  readonly scopes: Scopes
  /** The id of the WebSocket message that asked; null over HTTP. */
  readonly operationId: string | null
  /** Aborted when whoever asked has left: what costs time is not worth it any more. */
  readonly signal: AbortSignal
  /** The newest event that an EventSource had before it came back. */
  readonly lastEventId: number | null
  /** Throws where nothing may be started: over a transport that is for reading only. */
  readonly checkMayStart: () => void
  /** Called when the reader of a stream has everything already. */
  readonly onNothingLeft: () => void
}

/** What a transport tells of the caller. */
export type Caller = Omit<Context, 'scopes'>

const nobody: Caller = {
  operationId: null,
  signal: new AbortController().signal,
  lastEventId: null,
  checkMayStart: () => undefined,
  onNothingLeft: () => undefined,
}

export function newContext(domains: Domains, caller: Partial<Caller> = {}): Context {
  return { ...nobody, ...caller, scopes: new Scopes(domains) }
}

/** The same caller with nothing remembered: for the next execution, such as that of a subscription's next event. */
export function refreshed(context: Context): Context {
  return newContext(context.scopes.domains, context)
}
