import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'

/** What a client calls a request, so that it can repeat it safely. Unique among the sessions, and among the streams, of a profile. */
export interface IdempotencyKey {
  readonly key: string
  /** A digest of the request: a repetition with another fingerprint is a mistake of the client. */
  readonly fingerprint: string
}

/** The key of a request that starts a stream. */
export interface StreamIdempotencyKey extends IdempotencyKey {
  readonly streamId: string
}

/** A record with the key of the request that created it. */
export type WithIdempotencyKey<T> = T & { readonly key: IdempotencyKey | null }

/** What the request with a key created: either a stream or a session. */
export interface IdempotencyKeyResult {
  readonly fingerprint: string
  readonly stream: StreamRecord | null
  readonly session: SessionRecord | null
}

export interface IdempotencyKeyReader {
  /** What the request with this key created; null if the key is unused. */
  findByIdempotencyKey(key: string): Promise<IdempotencyKeyResult | null>
}
