/**
 * Names a call of a mutation, so that a repetition of the call changes nothing again. Whatever the call writes is committed
 * together with its key.
 */
export interface IdempotencyKey {
  /** Chosen by the client, or made of what it sent. Unique in the profile. */
  readonly key: string
  /** The field and a digest of the arguments: a repetition with another fingerprint is a mistake of the client. */
  readonly fingerprint: string
  /** When the first call arrived, in epoch milliseconds. */
  readonly createdAt: number
}

/** What a key remembers of the result of its call. */
export interface RememberedMutationResult {
  /** The id of what the call created. The key is kept as long as that. Null if the call created nothing. */
  readonly createdId?: string | null
  /** What the call did, where the arguments and the created object do not say it. */
  readonly outcome?: string | null
}

/** A key as it is stored. */
export interface IdempotencyKeyRecord extends IdempotencyKey {
  /** Null as well once what the call created is deleted. */
  readonly createdId: string | null
  readonly outcome: string | null
  /** The call takes several transactions and has not completed the last one. */
  readonly isPending: boolean
}

/** A record that a key belongs to, because its call created the record. */
export type WithIdempotencyKey<T> = T & { readonly key: Pick<IdempotencyKey, 'key' | 'fingerprint'> | null }

/** The keys of a profile. Keys that belong to one transaction are written by the method that runs it. */
export interface IdempotencyKeyStore {
  find(key: string): Promise<IdempotencyKeyRecord | null>
  /** The keys of the calls that created these. Any number of ids; those without a key are left out. */
  findByCreatedIds(createdIds: readonly string[]): Promise<Map<string, IdempotencyKeyRecord>>
  /** Adds a key. False if it is in use. */
  add(record: IdempotencyKeyRecord): Promise<boolean>
  /** Adds a key, or replaces the record that it has. */
  put(record: IdempotencyKeyRecord): Promise<void>
  remove(key: string): Promise<void>
  /** Lets the key of a call that created this be pruned. Needed only for what the store does not hold itself. */
  releaseCreated(createdId: string): Promise<void>
  /** Deletes the keys that were created before `before`, in epoch milliseconds, except those whose created object exists. */
  prune(before: number): Promise<void>
}

/** The record to store for a call that has completed. */
export function createCompletedIdempotencyKeyRecord(
  key: IdempotencyKey,
  { createdId = null, outcome = null }: RememberedMutationResult = {},
): IdempotencyKeyRecord {
  return { ...key, createdId, outcome, isPending: false }
}
