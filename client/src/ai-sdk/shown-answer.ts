import type { ChatEvent } from '../model/chat-event.ts'
import { followEvent, type FollowedStream, unfollowed } from './followed-stream.ts'
import type { ResolveUrl } from './ui-message/to-ui-message.ts'
import type { SegueUIMessageChunk } from './ui-message/to-ui-message-chunks.ts'

/** The answer that a chat of the AI SDK shows. */
export class ShownAnswer {
  /** Resolves to the id of the stream when the server has accepted the message. Rejects if it refuses it. */
  readonly streamId: Promise<string>
  #followed: FollowedStream | null
  #isFinished = false
  #hasFollowUp = false
  #accept: (streamId: string) => void = () => undefined
  #refuse: (reason: unknown) => void = () => undefined

  /** @param followed What the SDK has of the stream already. */
  constructor(followed: FollowedStream | null = null) {
    this.#followed = followed
    this.streamId = new Promise((resolve, reject) => {
      this.#accept = resolve
      this.#refuse = reject
    })
    if (followed) this.#accept(followed.streamId)
    // Nobody may be waiting for it.
    this.streamId.catch(() => undefined)
  }

  /** How far the SDK was told. Null before the stream has begun. */
  get followed(): FollowedStream | null {
    return this.#followed
  }

  /** Whether the stream has ended, or has never begun. */
  get isFinished(): boolean {
    return this.#isFinished
  }

  /** Whether messages that were to join it were queued instead. */
  get hasFollowUp(): boolean {
    return this.#hasFollowUp
  }

  /** The events as chunks for the SDK, up to the end, or to where the stream waits for approvals only. */
  async *toChunks(
    events: AsyncIterable<ChatEvent>,
    resolveUrl: ResolveUrl,
    onEvent: (event: ChatEvent) => void,
  ): AsyncGenerator<SegueUIMessageChunk, void> {
    try {
      for await (const event of events) {
        const { streamId } = event
        if (streamId !== null) this.#accept(streamId)
        onEvent(event)
        const before = this.#followed ?? { ...unfollowed, streamId: streamId ?? '' }
        const { chunks, followed, isEnd } = followEvent(before, event, resolveUrl)
        this.#followed = followed
        this.#isFinished = event.type === 'StreamFinished'
        this.#hasFollowUp ||= event.type === 'MessageSteered' && event.steeringState === 'QUEUED'
        yield* chunks
        if (isEnd) return
      }
    } catch (error) {
      this.#isFinished = true
      this.#refuse(error)
      throw error
    } finally {
      this.#refuse(new Error('The page was left before the server had accepted the message.'))
    }
  }
}
