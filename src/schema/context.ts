import type { Models } from '../agent/models.ts'
import type { Chats } from '../chat/chats.ts'
import type { Profile } from '../profiles/profile.ts'
import { SessionLoader } from '../sessions/session-loader.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** What the schema speaks to: the domain of the one profile that is served. */
export interface Domain {
  readonly profile: Profile
  readonly sessions: Sessions
  readonly chats: Chats
  readonly models: Models
}

export interface Context {
  readonly domain: Domain
  readonly loader: SessionLoader
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
export type Caller = Omit<Context, 'domain' | 'loader'>

const nobody: Caller = {
  operationId: null,
  signal: new AbortController().signal,
  lastEventId: null,
  checkMayStart: () => undefined,
  onNothingLeft: () => undefined,
}

export function newContext(domain: Domain, caller: Partial<Caller> = {}): Context {
  return { ...nobody, ...caller, domain, loader: new SessionLoader(domain.sessions) }
}

/** The same caller with nothing remembered: for the next execution, such as that of a subscription's next event. */
export function refreshed(context: Context): Context {
  return newContext(context.domain, context)
}
