import {
  type ConversationSettingsRow,
  type ConversationSettingsUpdate,
  hasVersionedSettings,
  toConversationSettingsRow,
} from '../../sessions/conversation-settings.ts'
import { allocateChangeSeqs } from '../database/change-sequences.ts'
import {
  defineInsert,
  insertRows,
  type PostgresConnection,
  type PostgresStatement,
  type PostgresTransaction,
} from '../database/postgres-statement.ts'

/** As `mergeConversationSettings` does, but of what is stored when the row is written. */
const keepNewest = ['title', 'pinned', 'archived'].flatMap((field) =>
  [field, `${field}_version`].map(
    (column) => `${column} = CASE WHEN excluded.${field}_version > stored.${field}_version
      THEN excluded.${column} ELSE stored.${column} END`,
  ),
)

const merge = defineInsert<ConversationSettingsRow>(
  'merge-conversation-settings',
  'conversation_settings AS stored',
  {
    session_id: 'text',
    title: 'text',
    title_version: 'bigint',
    pinned: 'smallint',
    pinned_version: 'bigint',
    archived: 'smallint',
    archived_version: 'bigint',
    read_at: 'bigint',
  },
  `ON CONFLICT (profile, session_id) DO UPDATE SET ${keepNewest.join(', ')},
    read_at = greatest(stored.read_at, excluded.read_at)
  WHERE excluded.title_version > stored.title_version OR excluded.pinned_version > stored.pinned_version OR
    excluded.archived_version > stored.archived_version OR
    excluded.read_at > coalesce(stored.read_at, ${Number.MIN_SAFE_INTEGER})`,
)

const select: PostgresStatement = {
  name: 'select-conversation-settings',
  text: 'SELECT * FROM conversation_settings WHERE profile = $1 AND session_id = ANY($2::text[])',
}

const remove: PostgresStatement = {
  name: 'delete-conversation-settings',
  text: 'DELETE FROM conversation_settings WHERE profile = $1 AND session_id = ANY($2::text[])',
}

/** In no order. Sessions without settings are left out. Ids of Hermes are stored without the namespace of the profile. */
export function findConversationSettings(
  db: Pick<PostgresConnection, 'query'>,
  sessionIds: readonly string[],
): Promise<ConversationSettingsRow[]> {
  return db.query<ConversationSettingsRow>(select, [sessionIds])
}

/** Adds what is newer in these rows, one for a session, to the settings of their sessions. */
export async function mergeConversationSettings(
  tx: PostgresTransaction,
  rows: readonly ConversationSettingsRow[],
): Promise<void> {
  await insertRows(tx, merge, rows)
}

/** Sets what the patch contains for all the sessions, whose ids are as they are stored. */
export async function updateConversationSettings(
  tx: PostgresTransaction,
  { sessionIds, patch }: ConversationSettingsUpdate,
): Promise<void> {
  const [version = 0] = hasVersionedSettings(patch) ? await allocateChangeSeqs(tx, 'conversation_settings', 1) : []
  const ids = [...new Set(sessionIds)].toSorted()
  await mergeConversationSettings(
    tx,
    ids.map((id) => toConversationSettingsRow(id, patch, version)),
  )
}

export async function deleteConversationSettings(
  tx: PostgresTransaction,
  sessionIds: readonly string[],
): Promise<void> {
  await tx.execute(remove, [sessionIds])
}
