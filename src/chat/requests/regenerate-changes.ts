import type { MessageChanges } from './message-changes.ts'

/** What another try of a turn has in place of what the user's message had. Null or left out: the same. */
export interface RegenerateChanges extends MessageChanges {
  readonly model?: string | null
  readonly effort?: string | null
}
