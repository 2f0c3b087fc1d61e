import type { IdempotencyKey } from '../../storage/idempotency-key.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { MessageChanges } from './message-changes.ts'

interface ChangeCommand {
  readonly streamId: string
  readonly key: IdempotencyKey | null
}

/** A change of a queue, for the process that runs the session. */
export type QueueCommand =
  | (ChangeCommand & { readonly name: 'updateMessage'; readonly changes: MessageChanges })
  | (ChangeCommand & { readonly name: 'moveMessage'; readonly before: StreamRecord | null })
  | (ChangeCommand & { readonly name: 'sendMessage' })
