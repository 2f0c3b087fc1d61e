import type { Logger } from '../lib/logger.ts'
import type { ConversationChange } from '../storage/sessions/conversation-reader.ts'

/** Where the files of a Hermes agent are and how they are read. Sent to the worker as it is. */
export interface HermesOptions {
  /** The state.db. It may be missing, and appear later. The agent's other files are in the same folder. */
  readonly path: string
  /** The profile that its sessions and jobs belong to. */
  readonly profile: string
  /** The file of the index of its sessions, which can be deleted at any time; null to keep the index in memory. */
  readonly indexPath: string | null
  /**
   * When Segue was first started in its home, in epoch milliseconds: what is not newer counts as read in conversations
   * without a read mark.
   */
  readonly readMarksStart: number
  /** Whether sessions that have changed are reported, for those who store them elsewhere. */
  readonly reportsSessions: boolean
  /** How long one call waits for a lock, in milliseconds. */
  readonly lockTimeoutMs: number
}

/** What a reader reports while it works. */
export interface HermesReaderOptions extends HermesOptions {
  readonly log: Logger
  /** Called with the conversations that have changed; with null if any conversation may have. */
  readonly onConversationsChanged?: (changes: readonly ConversationChange[] | null) => void
  /** Called with the ids of sessions that are new, have changed or are gone; with null if any session may have changed. */
  readonly onSessionsChanged?: (ids: readonly string[] | null) => void
  /** Called when the index has lost Segue's sessions: they must be sent again. */
  readonly onCrossOriginReset?: () => void
  /** Called when sessions have taken over settings from their conversations: Segue has to store them. */
  readonly onSettingsInherited?: () => void
}
