import type { Viewer } from '../model/viewer.ts'
import type { ProfileRegistry } from '../services/profile-registry.ts'
import { ViewerProfiles } from '../services/viewer-profiles.ts'
import { CrossProfileRecordLookup } from './cross-profile-record-lookup.ts'

export interface Context {
  /** Who asks. */
  readonly viewer: Viewer
  readonly profiles: CrossProfileRecordLookup
  /**
   * The idempotency key of the request, as it was sent: the header Idempotency-Key over HTTP, the id of the subscribe
   * message over WebSocket if it is a UUID. Null if there is none.
   */
  readonly idempotencyKey: string | null
  /** Aborted when the client disconnects, so that expensive work can stop. */
  readonly signal: AbortSignal
  /** The `Last-Event-ID` of an EventSource that reconnects: the seq of the last event that it received. */
  readonly lastEventId: number | null
}

/** What a transport knows about a request. It always says who asks. */
export interface RequestInfo extends Partial<Omit<Context, 'profiles'>> {
  readonly viewer: Viewer
}

const defaultRequestInfo = {
  idempotencyKey: null,
  signal: new AbortController().signal,
  lastEventId: null,
}

export function createContext(registry: ProfileRegistry, requestInfo: RequestInfo): Context {
  const profiles = new CrossProfileRecordLookup(new ViewerProfiles(registry, requestInfo.viewer))
  return { ...defaultRequestInfo, ...requestInfo, profiles }
}

/** The context of the same request without caches: for the next execution, such as the next event of a subscription. */
export function renewGraphQLContext({ profiles, ...requestInfo }: Context): Context {
  return { ...requestInfo, profiles: new CrossProfileRecordLookup(profiles.visible, profiles.followedSession) }
}
