import { waitUntil } from '../../support/wait-until.ts'
import type { CacheClient, ResultData, Variables } from './cache-client.ts'
import { readConversationList } from './read-conversation-list.ts'

/** An event of a subscription: the value of its only field. */
export type PageEvent = Readonly<Record<string, unknown>>

/** A query that the page has sent, beside those of its list. */
export interface PageQuery {
  readonly name: string
  readonly variables: Variables
}

/** A page as an application has it: a live list, what waits for a person, and chats that it follows. */
export class ChatPage {
  /** The events of all subscriptions, in the order of their arrival. */
  readonly events: PageEvent[] = []
  /** Errors of subscriptions. */
  readonly errors: unknown[] = []
  readonly queries: PageQuery[] = []
  readonly #client: CacheClient
  readonly #listReader: ListReader

  private constructor(client: CacheClient) {
    this.#client = client
    this.#listReader = new ListReader(() => readConversationList(client))
  }

  /** Opens the page: the live list is read, and what is pending is known. */
  static async open(client: CacheClient): Promise<ChatPage> {
    const page = new ChatPage(client)
    const settledSince = new Date().toISOString()
    await page.query('ServerQuery')
    page.follow('ApprovalsSubscription', { settledSince })
    page.follow('ClarificationsSubscription', { settledSince })
    page.follow('ConversationsChangedSubscription', {}, ({ kind }) => page.#listReader.onChange(kind === 'READY'))
    await page.waitFor(({ kind }) => kind === 'READY')
    await page.#listReader.settled
    return page
  }

  /** Reads from the server. */
  async query(name: string, variables: Variables = {}): Promise<ResultData> {
    this.queries.push({ name, variables })
    return this.#client.query(name, variables)
  }

  /** Follows a subscription until the client is disposed. */
  follow(name: string, variables: Variables, onEvent?: (event: PageEvent) => void): void {
    this.#client.subscribe(name, variables, {
      next: (data) => {
        for (const value of Object.values(data)) {
          if (typeof value !== 'object' || value === null) continue
          const event = { ...value }
          this.events.push(event)
          onEvent?.(event)
        }
      },
      error: (error) => this.errors.push(error),
      complete: () => undefined,
    })
  }

  /** Waits for an event, also one that has arrived already, and returns it. */
  async waitFor(isExpected: (event: PageEvent) => boolean, after = 0): Promise<PageEvent> {
    const find = () => this.events.slice(after).find(isExpected)
    await waitUntil(
      () => this.errors.length > 0 || find() !== undefined,
      () => this.events.map(({ __typename, kind, state, seq }) => [__typename, kind ?? state ?? seq].join(' ')),
    )
    const event = find()
    if (event === undefined) throw new Error(`A subscription failed: ${JSON.stringify(this.errors)}`)
    return event
  }

  /** Waits until the list is not being read. */
  async waitForList(): Promise<void> {
    await this.#listReader.settled
  }
}

/** Reads the list when it must be, and again if it changed meanwhile: the result may be older than the change. */
class ListReader {
  /** Resolves when nothing is being read. */
  settled: Promise<void> = Promise.resolve()
  readonly #read: () => Promise<unknown>
  #isReading = false
  #mustRead = false

  constructor(read: () => Promise<unknown>) {
    this.#read = read
  }

  onChange(isReady: boolean): void {
    this.#mustRead ||= isReady || this.#isReading
    if (this.#mustRead && !this.#isReading) this.settled = this.#readUntilUnchanged()
  }

  async #readUntilUnchanged(): Promise<void> {
    this.#isReading = true
    while (this.#mustRead) {
      this.#mustRead = false
      // READY comes again after the cut that made this read fail.
      await this.#read().catch(() => undefined)
    }
    this.#isReading = false
  }
}
