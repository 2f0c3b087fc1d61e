import { linkAbortSignals } from '../environment/link-abort-signals.ts'
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

interface ConversationPage {
  readonly rows: readonly Conversation[]
  readonly hasMore: boolean
  readonly endCursor: string | null
}

/** See `ConversationList`. */
export function createConversationList(
  options: LiveListOptions,
  filter: ConversationFilter = {},
  pageSize = 50,
): ConversationList {
  const store: SnapshotStore<ConversationListSnapshot> = new SnapshotStore<ConversationListSnapshot>(
    { conversations: [], isLoading: true, hasMore: false, error: null },
    (signal) => reader.run(signal),
    options.closing,
  )
  const reader = new ConversationListReader(options, filter, pageSize, store)
  return Object.assign(store, { loadMore: () => reader.loadMore() })
}

/**
 * Keeps the rows that were read up to date. It subscribes first and reads then: whatever changes after the subscription
 * has begun is either in what was read, or follows as an event. Events that arrive while a page is read may be older or
 * newer than it; they are applied after it, and of two for one conversation the newer one is last.
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

  async run(signal: AbortSignal): Promise<void> {
    const failing = new AbortController()
    const unlink = linkAbortSignals(failing, [signal])
    let failure: unknown = null
    const { profile } = this.#filter
    const operation = { query: conversationsChangedDocument, variables: { profile } }
    const changes = subscribeWithRetry<WireConversationChange>(
      this.#options.subscriber,
      () => operation,
      failing.signal,
    )
    for await (const change of changes) {
      if (change.kind !== 'READY') this.#handle(change)
      else {
        this.#read(() => this.#readAgain(failing.signal)).catch((error: unknown) => {
          failure = error
          failing.abort()
        })
      }
    }
    unlink()
    if (failure !== null) throw failure
  }

  loadMore(): Promise<void> {
    return this.#read(async () => {
      const { rows, bound } = this.#list
      if (bound === null) return
      const page = await this.#readPage(this.#pageSize, this.#endCursor)
      this.#setRows(mergeConversations(rows, rows, page.rows), page)
    })
  }

  /** Reads as many rows as there were, at least one page. */
  async #readAgain(signal: AbortSignal): Promise<void> {
    const { rows } = this.#list
    const count = Math.max(this.#pageSize, rows.length)
    const read: Conversation[] = []
    for (let cursor: string | null = null; ;) {
      const page: ConversationPage = await this.#readPage(Math.min(count - read.length, maxPageSize), cursor, signal)
      read.push(...page.rows)
      cursor = page.endCursor
      if (page.hasMore && read.length < count) continue
      this.#setRows(mergeConversations(rows, read), page)
      return
    }
  }

  async #readPage(first: number, after: string | null, whileActive?: AbortSignal): Promise<ConversationPage> {
    const operation = { query: conversationsDocument, variables: { filter: this.#filter, first, after } }
    const { conversations } = await this.#options.requests.send<WireConversationPage>(operation, { whileActive })
    const { hasNextPage, endCursor } = conversations.pageInfo
    return { rows: conversations.nodes.map(({ node }) => toConversation(node)), hasMore: hasNextPage, endCursor }
  }

  #setRows(rows: readonly Conversation[], { rows: pageRows, hasMore, endCursor }: ConversationPage): void {
    this.#list = { rows, bound: hasMore ? (pageRows.at(-1) ?? null) : null }
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
    if (this.#heldChanges) {
      this.#heldChanges.push(change)
      return
    }
    const before = this.#list
    this.#apply(change)
    if (this.#list !== before) this.#publish()
  }

  #apply({ kind, conversationId, conversation }: WireConversationChange): void {
    if (conversation) this.#list = upsertConversation(this.#list, toConversation(conversation), this.#filter)
    else if (kind === 'REMOVED' && conversationId !== null) this.#list = removeConversation(this.#list, conversationId)
  }

  #publish(): void {
    const { rows, bound } = this.#list
    this.#store.update({ conversations: rows, hasMore: bound !== null, isLoading: false, error: null })
  }
}
