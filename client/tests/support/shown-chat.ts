import { waitUntil } from '../../../tests/support/wait-until.ts'
import { createSegueClient, type SegueClient } from '../../src/index.ts'
import { LiveChat, type LiveChatOptions, type LiveChatState } from '../../src/react/index.ts'

export interface ShownChatOptions extends Partial<LiveChatOptions> {
  readonly transport?: 'ws' | 'sse'
}

/** A chat that somebody looks at. */
export class ShownChat implements Disposable {
  readonly chat: LiveChat
  readonly #client: SegueClient
  readonly #leave: () => void

  constructor(url: string, { transport, ...options }: ShownChatOptions = {}) {
    this.#client = createSegueClient({ url, ...(transport && { transport }) })
    this.chat = new LiveChat(this.#client, { sessionId: null, ...options })
    this.#leave = this.chat.subscribe(() => undefined)
  }

  get state(): LiveChatState {
    return this.chat.getSnapshot()
  }

  get texts(): string[] {
    return this.state.messages.map(({ parts }) => parts.map((part) => ('text' in part ? part.text : '')).join(''))
  }

  async until(condition: (state: LiveChatState) => boolean): Promise<void> {
    await waitUntil(
      () => condition(this.state),
      () => ({ ...this.state, texts: this.texts }),
    )
  }

  async untilTexts(...texts: readonly string[]): Promise<void> {
    await this.until(
      ({ activeStream }) => activeStream === null && JSON.stringify(this.texts) === JSON.stringify(texts),
    )
  }

  [Symbol.dispose](): void {
    this.#leave()
    this.#client.close()
  }
}
