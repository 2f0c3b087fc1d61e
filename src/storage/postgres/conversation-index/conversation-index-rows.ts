import type { ConversationIndexRow } from '../../conversation-index/conversation-index-row.ts'
import type { ConversationSummaryRow } from '../../conversation-index/conversation-index-tables.ts'
import type { IndexedSessionRow } from '../../conversation-index/indexed-session-row.ts'
import {
  defineInsert,
  insertRows,
  type PostgresColumns,
  type PostgresStatement,
  type PostgresTransaction,
  setAllColumns,
} from '../database/postgres-statement.ts'

const sessionColumns: PostgresColumns<ConversationIndexRow> = {
  id: 'text',
  continues: 'text',
  takes_place_of: 'text',
  can_be_continued: 'smallint',
  started_at: 'bigint',
  message_at: 'bigint',
  activity_at: 'bigint',
  flags: 'bigint',
  default_flags: 'bigint',
  live_attention: 'bigint',
  answered_at: 'bigint',
  answer_failed: 'smallint',
  root_id: 'text',
  depth: 'bigint',
}

const conversationColumns: PostgresColumns<ConversationSummaryRow> = {
  root_id: 'text',
  tip_id: 'text',
  segment_count: 'bigint',
  last_activity_at: 'bigint',
  flags: 'bigint',
  attention_session_id: 'text',
}

const upsertSessions = defineInsert(
  'upsert-conversation-sessions',
  'conversation_sessions',
  sessionColumns,
  `ON CONFLICT (profile, id) DO UPDATE ${setAllColumns(sessionColumns, ['id'])}`,
)

const upsertConversations = defineInsert(
  'upsert-conversations',
  'conversations',
  conversationColumns,
  `ON CONFLICT (profile, root_id) DO UPDATE ${setAllColumns(conversationColumns, ['root_id'])}`,
)

const addToCounts = defineInsert<{ flags: number; conversation_count: number }>(
  'add-to-conversation-counts',
  'conversation_counts AS stored',
  { flags: 'bigint', conversation_count: 'bigint' },
  `ON CONFLICT (profile, flags)
    DO UPDATE SET conversation_count = stored.conversation_count + excluded.conversation_count`,
)

const deleteSessions: PostgresStatement = {
  name: 'delete-conversation-sessions',
  text: 'DELETE FROM conversation_sessions WHERE profile = $1 AND id = ANY($2::text[])',
}

const deleteConversations: PostgresStatement = {
  name: 'delete-conversations',
  text: 'DELETE FROM conversations WHERE profile = $1 AND root_id = ANY($2::text[])',
}

const selectSessions: PostgresStatement = {
  name: 'select-sessions-to-index',
  text: `SELECT sessions.*,
      (EXISTS (SELECT 1 FROM streams WHERE streams.profile = $1 AND streams.session_id = sessions.id
        AND status IN ('RUNNING', 'WAITING')))::int AS is_running,
      (SELECT min(kind) FROM decisions WHERE decisions.profile = $1 AND decisions.session_id = sessions.id
        AND state = 'PENDING') AS decision_kind
    FROM sessions WHERE profile = $1 AND id = ANY($2::text[])`,
}

/** Follows the links of sessions in both directions. A session that is not stored links those that name it, too. */
const selectConnectedSessions: PostgresStatement = {
  name: 'select-connected-sessions',
  text: `WITH RECURSIVE connected (id) AS (
      SELECT unnest($2::text[]) COLLATE "C"
      UNION
      SELECT linked.id FROM connected CROSS JOIN LATERAL (
        SELECT unnest(ARRAY[continues, takes_place_of]) FROM conversation_sessions WHERE profile = $1 AND id = connected.id
        UNION ALL SELECT id FROM conversation_sessions WHERE profile = $1 AND continues = connected.id
        UNION ALL SELECT id FROM conversation_sessions WHERE profile = $1 AND takes_place_of = connected.id
      ) AS linked (id) WHERE linked.id IS NOT NULL
    )
    SELECT sessions.* FROM connected CROSS JOIN LATERAL (
      -- The limit makes it look up each id: nobody knows how many there will be, and the table may be large.
      SELECT * FROM conversation_sessions WHERE profile = $1 AND id = connected.id LIMIT 1
    ) AS sessions`,
}

const selectConversations: PostgresStatement = {
  name: 'select-conversations-to-index',
  text: 'SELECT * FROM conversations WHERE profile = $1 AND root_id = ANY($2::text[])',
}

/** Those of these sessions that exist. */
export function loadSessionsToIndex(tx: PostgresTransaction, ids: readonly string[]): Promise<IndexedSessionRow[]> {
  return tx.query<IndexedSessionRow>(selectSessions, [ids])
}

/** The indexed rows of these sessions, and of all that are connected to them. */
export function loadConnectedSessions(
  tx: PostgresTransaction,
  ids: readonly string[],
): Promise<ConversationIndexRow[]> {
  return tx.query<ConversationIndexRow>(selectConnectedSessions, [ids])
}

export function loadConversations(
  tx: PostgresTransaction,
  rootIds: readonly string[],
): Promise<ConversationSummaryRow[]> {
  return tx.query<ConversationSummaryRow>(selectConversations, [rootIds])
}

/** A row after an update of the index; null if it is gone. */
interface ChangedRow<Row> {
  readonly id: string
  readonly row: Row | null
}

export async function storeSessions(
  tx: PostgresTransaction,
  changed: readonly ChangedRow<ConversationIndexRow>[],
): Promise<void> {
  await insertRows(
    tx,
    upsertSessions,
    changed.flatMap(({ row }) => row ?? []),
  )
  await deleteRows(tx, deleteSessions, changed)
}

export async function storeConversations(
  tx: PostgresTransaction,
  changed: readonly ChangedRow<ConversationSummaryRow>[],
): Promise<void> {
  await insertRows(
    tx,
    upsertConversations,
    changed.flatMap(({ row }) => row ?? []),
  )
  await deleteRows(tx, deleteConversations, changed)
}

/** Adds numbers of conversations, negative ones too, to the counts of values of `flags`. */
export async function storeConversationCounts(
  tx: PostgresTransaction,
  added: ReadonlyMap<number, number>,
): Promise<void> {
  const rows = [...added].map(([flags, conversation_count]) => ({ flags, conversation_count }))
  await insertRows(
    tx,
    addToCounts,
    rows.filter(({ conversation_count }) => conversation_count !== 0),
  )
}

async function deleteRows(
  tx: PostgresTransaction,
  statement: PostgresStatement,
  changed: readonly ChangedRow<unknown>[],
): Promise<void> {
  const ids = changed.filter(({ row }) => row === null).map(({ id }) => id)
  if (ids.length > 0) await tx.execute(statement, [ids])
}
