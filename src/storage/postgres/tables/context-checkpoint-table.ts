import type { ContextCheckpoint } from '../../../model/context/context-checkpoint.ts'
import {
  contextCheckpointFromRow,
  type ContextCheckpointRow,
  contextCheckpointToRow,
} from '../../rows/context-checkpoint-row.ts'
import {
  defineInsert,
  insertRows,
  type PostgresColumns,
  type PostgresConnection,
  type PostgresTransaction,
  setAllColumns,
} from '../database/postgres-statement.ts'

const columns: PostgresColumns<ContextCheckpointRow> = {
  session_id: 'text',
  text: 'text',
  quotes: 'text',
  through_message_id: 'text',
  model: 'text',
  usage: 'text',
  created_at: 'bigint',
}

const upsert = defineInsert(
  'upsert-context-checkpoints',
  'context_checkpoints',
  columns,
  `ON CONFLICT (profile, session_id) DO UPDATE ${setAllColumns(columns, ['session_id'])}`,
)

const selectOfSession = {
  name: 'select-context-checkpoint',
  text: 'SELECT * FROM context_checkpoints WHERE profile = $1 AND session_id = $2',
}

/** Replaces the session's checkpoint. */
export async function upsertContextCheckpoint(tx: PostgresTransaction, checkpoint: ContextCheckpoint): Promise<void> {
  await insertRows(tx, upsert, [contextCheckpointToRow(checkpoint)])
}

/** The checkpoint of a session; null if it has none. */
export async function findContextCheckpoint(
  db: PostgresConnection,
  sessionId: string,
): Promise<ContextCheckpoint | null> {
  const [row] = await db.query<ContextCheckpointRow>(selectOfSession, [sessionId])
  return row ? contextCheckpointFromRow(row) : null
}
