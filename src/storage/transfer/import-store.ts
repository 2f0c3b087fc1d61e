import type { ChatEvent } from '../../model/chat-event.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { ApprovalRuleRecord } from '../../model/approval-rule.ts'
import type { DecisionRecord } from '../../model/decision.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { BlobReferenceReader } from '../event-store.ts'
import type { WithIdempotencyKey } from '../idempotency-key.ts'

/** One record of an imported conversation. What it refers to comes before it. */
export type ImportRecord =
  | {
      readonly type: 'session'
      readonly record: WithIdempotencyKey<SessionRecord>
      /** The title that a person gave its conversation; null for that of the root. */
      readonly conversationTitle?: string | null
      readonly blobHashes: readonly string[]
      readonly checkpoint?: ContextCheckpoint
    }
  | { readonly type: 'stream'; readonly record: WithIdempotencyKey<StreamRecord> }
  | { readonly type: 'message'; readonly record: MessageRecord }
  | { readonly type: 'event'; readonly record: ChatEvent }
  | { readonly type: 'decision'; readonly record: DecisionRecord }
  | { readonly type: 'approvalRule'; readonly record: ApprovalRuleRecord }

/** A record to import, and where in the document it is. */
export type LocatedImportRecord = ImportRecord & { readonly location: string }

/** A record cannot be stored: its id exists, or it breaks a constraint. Nothing was written. */
export class ImportConflictError extends Error {
  override readonly name = 'ImportConflictError'
  readonly location: string

  constructor(location: string, reason: string, options?: ErrorOptions) {
    super(reason, options)
    this.location = location
  }

  static ofExistingId(location: string, id: string): ImportConflictError {
    return new ImportConflictError(location, `The id ${id} already exists.`)
  }

  static ofConstraint(location: string, cause: Error): ImportConflictError {
    const reason =
      'The record conflicts with data in the profile, such as an idempotency key in use. Import it into another profile.'
    return new ImportConflictError(location, reason, { cause })
  }
}

/** Writes whole conversations into a profile. */
export interface ImportStore extends BlobReferenceReader {
  /**
   * Writes all records in one transaction, with everything that is derived from them. Throws ImportConflictError and
   * StorageError.
   */
  importRecords(records: Iterable<LocatedImportRecord>): Promise<void>
  close(): Promise<void>
}
