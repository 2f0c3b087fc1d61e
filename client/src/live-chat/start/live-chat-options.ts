import type { SnapshotStorage } from '../../react/snapshot-storage.ts'
import type { ChatInput } from '../../segue-client.ts'

export interface LiveChatOptions {
  /** Any session of a conversation, of which the newest one is shown. Null for a new chat. */
  readonly sessionId: string | null
  /** The profile of a new chat. Default: `default`. */
  readonly profile?: string
  /** The system prompt of a new chat. Default: that of the profile. */
  readonly instructions?: string
  /** How many messages are read at once, 1 to 1,000. Default: 50. */
  readonly pageSize?: number
  /** Where what is shown is kept, and read from until the server answers. */
  readonly storage?: SnapshotStorage
}

/** A message to send. With the `key` of an earlier one, it is the same: nothing is sent twice, also after a reload. */
export interface OutgoingMessage extends Pick<ChatInput, 'text' | 'files' | 'model' | 'effort' | 'ifBusy' | 'key'> {
  /** What a new chat begins with, in place of the options of the chat. */
  readonly newSession?: Pick<LiveChatOptions, 'profile' | 'instructions'>
}
