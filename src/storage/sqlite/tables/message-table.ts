import { listPartBlobHashes } from '../../../model/message-content/blob-url.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { isOfExistingSessionSql } from './deletion-queue-condition.ts'
import { insertBlobReference } from './blob-reference-table.ts'
import { messageFromRow, type MessageRow, messageToRow } from '../../rows/message-row.ts'

/** Inserts a message, or replaces the one with its id. Call it inside a transaction. */
export function upsertMessage(db: SqlConnection & { readonly profile: string }, message: MessageRecord): void {
  const row = messageToRow(message, db.profile)
  db.prepare<[MessageRow]>(
    `INSERT INTO messages (id, session_id, position, withdrawn, kind, summary, role, status, parts, created_at,
       stream_id, model, usage, summary_context, copy_of, turn_id, steering)
     VALUES (:id, :session_id, :position, :withdrawn, :kind, :summary, :role, :status, :parts, :created_at,
       :stream_id, :model, :usage, :summary_context, :copy_of, :turn_id, :steering)
     ON CONFLICT (id) DO UPDATE SET position = :position, withdrawn = :withdrawn, kind = :kind, summary = :summary,
       role = :role, status = :status, created_at = :created_at, stream_id = :stream_id, model = :model, usage = :usage,
       summary_context = :summary_context, turn_id = coalesce(turn_id, :turn_id), steering = :steering`,
  ).run(row)
  // Separately, because an update of this column has the message indexed again, even if it does not change.
  db.prepare<[MessageRow]>('UPDATE messages SET parts = :parts WHERE id = :id AND parts <> :parts').run(row)
  for (const hash of message.parts.flatMap(listPartBlobHashes)) insertBlobReference(db, hash, message.sessionId)
}

/** The messages that have joined streams, by stream, in the order in which they were accepted. */
export function listSteeredMessages(
  db: SqlConnection & { readonly profile: string },
  streamIds: readonly string[],
): MessageRecord[] {
  return db
    .prepare<[string], MessageRow>(
      `SELECT * FROM messages WHERE steering IS NOT NULL AND copy_of IS NULL
         AND steering ->> '$.streamId' IN (SELECT value FROM json_each(?)) AND ${isOfExistingSessionSql('messages')}
       ORDER BY steering ->> '$.streamId', steering ->> '$.acceptedSeq'`,
    )
    .all(JSON.stringify(streamIds))
    .map((row) => messageFromRow(row, db.profile))
}

/** The messages of a session that were withdrawn before their turn came. */
export function listUnplacedWithdrawnMessages(
  db: SqlConnection & { readonly profile: string },
  sessionId: string,
): MessageRecord[] {
  return db
    .prepare<[string], MessageRow>(
      `SELECT * FROM messages WHERE session_id = ? AND position IS NULL AND withdrawn = 1
         AND ${isOfExistingSessionSql('messages')}`,
    )
    .all(sessionId)
    .map((row) => messageFromRow(row, db.profile))
}
