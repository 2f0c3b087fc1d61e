import {
  type ChatEvent,
  type ChatMessage,
  createSegueClient,
  foldChatEvent,
  type SegueClient,
  type SegueClientOptions,
} from '../../src/index.ts'

/** What a page keeps of one answer, also when it is loaded again. */
export class ChatPage {
  readonly events: ChatEvent[] = []
  message: ChatMessage | null = null
  #client: SegueClient
  readonly #options: SegueClientOptions

  constructor(options: SegueClientOptions) {
    this.#options = options
    this.#client = createSegueClient(options)
  }

  get client(): SegueClient {
    return this.#client
  }

  get hasEnded(): boolean {
    return this.events.at(-1)?.type === 'StreamFinished'
  }

  get streamId(): string {
    return this.events[0]?.streamId ?? ''
  }

  /** Breaks all connections, as a page does that is loaded again. */
  reload(): void {
    this.#client.close()
    this.#client = createSegueClient(this.#options)
  }

  /** The events after those that it has. */
  follow(): AsyncIterable<ChatEvent> {
    return this.#client.follow(this.streamId, { after: this.events.at(-1)?.seq ?? 0 })
  }

  /** Reads events up to the end of the iteration, or until there are so many more. */
  async read(events: AsyncIterable<ChatEvent>, maxCount = Infinity): Promise<void> {
    let count = 0
    for await (const event of events) {
      this.events.push(event)
      this.message = foldChatEvent(this.message, event)
      count += 1
      if (count >= maxCount) return
    }
    if (!this.hasEnded) throw new Error(`The iteration ended before the stream, after ${this.events.length} events.`)
  }
}
