import { z } from 'zod'

/** How a client sends its documents: registering them by their hash, or only the ids of those that the server has. */
export type PersistedMode = 'automatic' | 'trusted'

export interface PersistingClientOptions {
  /** For example `http://127.0.0.1:4000`. */
  readonly url: string
  readonly mode: PersistedMode
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: typeof globalThis.fetch
}

/** A client library that sends hashes or ids of documents. Rejects if a result has errors. */
export interface PersistingClient {
  list(): Promise<readonly string[]>
  create(title: string): Promise<string>
  /** Sends a document that the server does not know, unless it accepts all. */
  readVersion(): Promise<unknown>
  /** The deltas of an answer. Null: the client has no subscriptions over HTTP. */
  readonly chat: ((text: string) => Promise<string>) | null
}

/** What generated documents have beside their nodes. */
const hashSchema = z.object({ __meta__: z.object({ hash: z.string() }) }).transform(({ __meta__: meta }) => meta.hash)

/** The id that the client preset has given to a document. Others get one that no server has. */
export function findDocumentId(document: unknown): string {
  return hashSchema.safeParse(document).data ?? 'none'
}

export interface SentRequest {
  readonly method: string
  /** Whether the request has the text of the document. */
  readonly hasText: boolean
}

/** A fetch that remembers what was sent. */
export function recordRequests(requests: SentRequest[]): typeof globalThis.fetch {
  return (input, init) => {
    const method = init?.method ?? 'GET'
    const text = method === 'GET' ? new URL(String(input)).searchParams.get('query') : readQuery(init?.body)
    requests.push({ method, hasText: Boolean(text) })
    return fetch(input, init)
  }
}

function readQuery(body: unknown): string | undefined {
  return z.object({ query: z.string().optional() }).parse(JSON.parse(String(body))).query
}
