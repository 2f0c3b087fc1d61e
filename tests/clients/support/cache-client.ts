import type { SubscriptionProtocol } from './transport.ts'

export type Variables = Readonly<Record<string, unknown>>
/** The data of a result, by root field. */
export type ResultData = Readonly<Record<string, unknown>>

/**
 * The fields of an entity, or of Query, under the names that its cache gives them. Another entity is `{ $entity: key }`; an
 * object without id is an object.
 */
export type CacheRecord = Readonly<Record<string, unknown>>

/** What a cache holds. */
export interface CacheRecords {
  /** By `<type>:<id>`. */
  readonly entities: ReadonlyMap<string, CacheRecord>
  /** The fields of Query. */
  readonly query: CacheRecord
}

export interface DataObserver {
  next(data: ResultData): void
  error(error: unknown): void
  complete(): void
}

/** A client library with a normalised cache, through which everything goes that it receives. Operations are given by name. */
export interface CacheClient extends AsyncDisposable {
  /** How many rows of ConversationListQuery are read at once: `first`. */
  readonly listPageSize: number
  /** Reads from the server, never from the cache. Rejects if the result has errors. */
  query(name: string, variables?: Variables): Promise<ResultData>
  mutate(name: string, variables: Variables): Promise<ResultData>
  /** Follows until the returned function is called. ConversationsChanged keeps the list of ConversationListQuery up to date. */
  subscribe(name: string, variables: Variables, observer: DataObserver): () => void
  readRecords(): Promise<CacheRecords>
}

/** Creates a client with an empty cache. `url` is for example `http://127.0.0.1:4000`. */
export type CacheClientFactory = (options: {
  readonly url: string
  readonly protocol: SubscriptionProtocol
}) => Promise<CacheClient> | CacheClient
