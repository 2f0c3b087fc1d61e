import type { Viewer } from '../model/viewer.ts'
import type { ProfileRegistry } from '../services/profile-registry.ts'
import { ViewerProfiles } from '../services/viewer-profiles.ts'
import { CrossProfileRecordLookup } from './cross-profile-record-lookup.ts'
import type { LongReads } from './long-reads.ts'

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
  /** The header `traceparent` of the request, as it was sent: the trace of the caller, which the operation continues. */
  readonly traceparent: string | null
  /** The `Last-Event-ID` of an EventSource that reconnects: the seq of the last event that it received. */
  readonly lastEventId: number | null
  /** What the operation costs, if its client asks for it; null otherwise. */
  readonly reportedCost: number | null
  /** Whether the lists of the operation are completed at once: see `executePlan`. Otherwise long ones yield in between. */
  readonly isPlanned: boolean
  /** What a query reads of messages; null for other operations. */
  readonly longReads: LongReads | null
  /** The lists of the response that end at a bound although they have more items. See `yieldInLists`. */
  readonly truncatedPaths: ResponsePath[]
}

/** A path in a response, as in the `path` of an error. */
export type ResponsePath = readonly (string | number)[]

/** What a transport knows about a request. It always says who asks. */
export interface RequestInfo extends Partial<
  Pick<Context, 'idempotencyKey' | 'signal' | 'traceparent' | 'lastEventId'>
> {
  readonly viewer: Viewer
}

const neverAborted = new AbortController().signal

export function createContext(
  registry: ProfileRegistry,
  { viewer, idempotencyKey = null, signal = neverAborted, traceparent = null, lastEventId = null }: RequestInfo,
): Context {
  const profiles = new CrossProfileRecordLookup(new ViewerProfiles(registry, viewer))
  return {
    viewer,
    profiles,
    idempotencyKey,
    signal,
    traceparent,
    lastEventId,
    reportedCost: null,
    isPlanned: false,
    longReads: null,
    truncatedPaths: [],
  }
}

/** The context of the same request without caches: for the next execution, such as the next event of a subscription. */
export function renewGraphQLContext({ profiles, ...requestInfo }: Context): Context {
  const renewed = new CrossProfileRecordLookup(profiles.visible, profiles.followedSession)
  return { ...requestInfo, profiles: renewed, truncatedPaths: [] }
}
