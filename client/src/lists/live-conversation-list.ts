import { subscribeWithRetry } from '../subscription/subscribe-with-retry.ts'
import {
  conversationsChangedDocument,
  conversationsDocument,
  toConversation,
  type WireConversationChange,
  type WireConversationPage,
} from './conversation-documents.ts'
import type {
  Conversation,
  ConversationFilter,
  ConversationList,
  ConversationListSnapshot,
} from './conversation-list.ts'
import {
  type ConversationRows,
  mergeConversations,
  removeConversation,
  upsertConversation,
} from './conversation-rows.ts'
import type { LiveListOptions } from './live-list-options.ts'
import { SnapshotStore } from './snapshot-store.ts'

const maxPageSize = 1000

/** See `ConversationList`. */
export function createConversationList(
  options: LiveListOptions,
  filter: ConversationFilter = {},
  pageSize = 50,
): ConversationList {
  const store: SnapshotStore<ConversationListSnapshot> = new SnapshotStore<ConversationListSnapshot>(
    { conversations: [], hasMore: false, isLoading: true, error: null },
    (signal) => reader.run(signal),
    options.closing,
  )
  const reader = new ConversationListReader(options, filter, pageSize, store)
  return Object.assign(store, { loadMore: reader.loadMore })
}

/**
 * Keeps the rows that were read up to date. It subscribes first and reads then: whatever changes after the subscription
 * has begun is either in what was read, or follows as an event. Events that arrive while a page is
 * read may be older or newer than it; they are applied after it, and of two for one conversation the newer one is last.
 * While the first connection is made, a page is read at once, to be shown until then.
 */
class ConversationListReader {
  readonly #options: LiveListOptions
  readonly #filter: ConversationFilter
  readonly #pageSize: number
  readonly #store: SnapshotStore<ConversationListSnapshot>
  #list: ConversationRows = { rows: [], bound: null }
  #endCursor: string | null = null
  /** One reading after the other. */
  #reading: Promise<unknown> = Promise.resolve()
  #heldChanges: WireConversationChange[] | null = null

  constructor(
    options: LiveListOptions,
    filter: ConversationFilter,
    pageSize: number,
    store: SnapshotStore<ConversationListSnapshot>,
  ) {
    this.#options = options
    this.#filter = filter
    this.#pageSize = pageSize
    this.#store = store
  }

  /** Rejects when the server refuses the subscription, or a page. */
  run(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      // Shown while the first connection is made. What has changed meanwhile is read when it stands.
      if (!this.#options.subscriber.isReady) this.#readAgain(signal, reject)
      this.#follow(signal, reject).then(resolve, reject)
    })
  }

  readonly loadMore = (count = this.#pageSize): Promise<void> =>
    this.#read(async () => {
      const { rows, bound } = this.#list
      if (bound) await this.#readPages(rows, rows.length + count, this.#endCursor)
    })

  async #follow(signal: AbortSignal, onReadError: (error: unknown) => void): Promise<void> {
    const changes = subscribeWithRetry<{ readonly event: WireConversationChange }>(
      this.#options.subscriber,
      () => ({ query: conversationsChangedDocument, variables: { profile: this.#filter.profile } }),
      signal,
    )
    for await (const { event: change } of changes) {
      if (change.kind === 'READY') this.#readAgain(signal, onReadError)
      else this.#handle(change)
    }
  }

  /** Reads as many rows as there were, at least one page. */
  #readAgain(signal: AbortSignal, onError: (error: unknown) => void): void {
    this.#read(() => this.#readPages([], Math.max(this.#pageSize, this.#list.rows.length), null, signal)).catch(onError)
  }

  /** Adds the pages after the cursor to `rows`, until these are `count`. */
  async #readPages(
    rows: readonly Conversation[],
    count: number,
    after: string | null,
    whileActive?: AbortSignal,
  ): Promise<void> {
    const variables = { filter: this.#filter, first: Math.min(count - rows.length, maxPageSize), after }
    const { conversations } = await this.#options.requests.send<WireConversationPage>(
      { query: conversationsDocument, variables },
      { whileActive },
    )
    const { hasNextPage, endCursor } = conversations.pageInfo
    const read = rows.concat(conversations.nodes.map(({ node }) => toConversation(node)))
    if (hasNextPage && read.length < count) return this.#readPages(read, count, endCursor, whileActive)
    this.#list = {
      // A page behind those that are shown costs the same however many these are.
      rows: whileActive ? mergeConversations(this.#list.rows, read) : read,
      bound: (hasNextPage && read.at(-1)) || null,
    }
    this.#endCursor = endCursor
  }

  /** Holds the changes that arrive while `read` is at work, and applies them then. */
  #read(read: () => Promise<void>): Promise<void> {
    const reading = this.#reading.then(async () => {
      const held: WireConversationChange[] = []
      this.#heldChanges = held
      try {
        await read()
      } finally {
        this.#heldChanges = null
        for (const change of held) this.#apply(change)
        this.#publish()
      }
    })
    this.#reading = reading.catch(() => undefined)
    return reading
  }

  #handle(change: WireConversationChange): void {
    if (this.#heldChanges?.push(change)) return
    const before = this.#list
    this.#apply(change)
    if (this.#list !== before) this.#publish()
  }

  #apply({ kind, conversationId, conversation }: WireConversationChange): void {
    if (conversation) this.#list = upsertConversation(this.#list, toConversation(conversation), this.#filter)
    else if (kind === 'REMOVED') this.#list = removeConversation(this.#list, conversationId)
  }

  #publish(): void {
    const { rows, bound } = this.#list
    this.#store.update({ conversations: rows, hasMore: bound !== null })
  }
}
