import { listPartBlobHashes } from '../../../model/message-content/blob-url.ts'
import type { MessageRecord } from '../../../model/message.ts'
import { messageFromRow, type MessageRow, messageToRow } from '../../rows/message-row.ts'
import {
  defineInsert,
  insertRows,
  type PostgresColumns,
  type PostgresConnection,
  type PostgresTransaction,
  setAllColumns,
} from '../database/postgres-statement.ts'
import { insertBlobReferences } from './blob-reference-table.ts'

/** With what is looked up: PostgreSQL does not read JSON that contains U+0000. */
interface StoredMessageRow extends MessageRow {
  readonly steered_stream_id: string | null
  readonly steered_seq: number | null
}

const columns: PostgresColumns<StoredMessageRow> = {
  id: 'text',
  session_id: 'text',
  position: 'bigint',
  withdrawn: 'smallint',
  kind: 'text',
  summary: 'smallint',
  role: 'text',
  status: 'text',
  parts: 'text',
  created_at: 'bigint',
  stream_id: 'text',
  model: 'text',
  usage: 'text',
  summary_context: 'text',
  copy_of: 'text',
  turn_id: 'text',
  steering: 'text',
  steered_stream_id: 'text',
  steered_seq: 'bigint',
}

const upsert = defineInsert(
  'upsert-messages',
  'messages',
  columns,
  `ON CONFLICT (profile, id) DO UPDATE ${setAllColumns(columns, ['id', 'session_id', 'copy_of', 'turn_id'])},
    turn_id = coalesce(messages.turn_id, excluded.turn_id)`,
)

const selectPositioned = {
  name: 'select-positioned-messages',
  text: 'SELECT id FROM messages WHERE profile = $1 AND id = ANY($2::text[]) AND position IS NOT NULL',
}

const selectSteered = {
  name: 'select-steered-messages',
  text: `SELECT * FROM messages WHERE profile = $1 AND steered_stream_id = ANY($2::text[]) AND copy_of IS NULL
    ORDER BY steered_stream_id, steered_seq`,
}

const selectUnplacedWithdrawn = {
  name: 'select-unplaced-withdrawn-messages',
  text: 'SELECT * FROM messages WHERE profile = $1 AND session_id = $2 AND position IS NULL AND withdrawn = 1',
}

/** Inserts messages, or replaces the ones with their ids: of several with the same id, the last one counts. */
export async function upsertMessages(tx: PostgresTransaction, messages: readonly MessageRecord[]): Promise<void> {
  const last = new Map(messages.map((message) => [message.id, toStoredRow(message, tx.profile)]))
  await insertRows(tx, upsert, [...last.values()])
  const references = messages.flatMap(({ sessionId, parts }) =>
    parts.flatMap(listPartBlobHashes).map((hash) => ({ hash, session_id: sessionId })),
  )
  await insertBlobReferences(tx, references)
}

function toStoredRow(message: MessageRecord, profile: string): StoredMessageRow {
  const { steering } = message
  return {
    ...messageToRow(message, profile),
    steered_stream_id: steering?.streamId ?? null,
    steered_seq: steering?.acceptedSeq ?? null,
  }
}

/** Those of these messages that have a position and had none before. */
export async function findNewlyPositioned(
  db: PostgresConnection,
  messages: readonly MessageRecord[],
): Promise<MessageRecord[]> {
  const positioned = messages.filter(({ position }) => position !== null)
  if (positioned.length === 0) return []
  const stored = await db.query<{ id: string }>(selectPositioned, [positioned.map(({ id }) => id)])
  const storedIds = new Set(stored.map(({ id }) => id))
  return positioned.filter(({ id }) => !storedIds.has(id))
}

/** The messages that have joined streams, by stream, in the order in which they were accepted. */
export async function listSteeredMessages(
  db: PostgresConnection,
  streamIds: readonly string[],
): Promise<MessageRecord[]> {
  const rows = await db.query<MessageRow>(selectSteered, [streamIds])
  return rows.map((row) => messageFromRow(row, db.profile))
}

/** The messages of a session that were withdrawn before their turn came. */
export async function listUnplacedWithdrawnMessages(
  db: PostgresConnection,
  sessionId: string,
): Promise<MessageRecord[]> {
  const rows = await db.query<MessageRow>(selectUnplacedWithdrawn, [sessionId])
  return rows.map((row) => messageFromRow(row, db.profile))
}
