/** A message that a server has accepted, with what its clients know of it. */
export interface SentMessage {
  readonly id: string
  readonly sessionId: string
  /** The text of the newest change that was accepted. */
  text: string
  /** Texts that were replaced while the message was queued. */
  readonly replacedTexts: string[]
  /** The stream that answers it; null for one that joined a running answer. */
  readonly streamId: string | null
  /** The stream that it joined; null for one with an answer of its own. */
  readonly joinedStreamId: string | null
  /** Whether a client took it back, or was told that a stop had taken it back. */
  isWithdrawn: boolean
}
