import type Database from 'better-sqlite3'
import type { DatabaseRepair } from '../../maintenance/database-inspection.ts'
import { openProfileDatabase } from '../database/open-profile-database.ts'
import { mapSqliteErrors } from '../database/sqlite-errors.ts'
import { messageFromRow, type MessageRow } from '../../rows/message-row.ts'
import { upsertMessage } from '../tables/message-table.ts'
import type { StreamRow } from '../../rows/stream-row.ts'
import { rebuildSearchIndex } from '../search/rebuild-search-index.ts'
import { SegueProfileDatabase } from '../segue-profile-database.ts'
import { checkIntegrity } from './check-integrity.ts'
import { foldAnswerFromLog } from './fold-answer-from-log.ts'

const emptyConversationIndexSql = `
  DELETE FROM conversation_sessions;
  DELETE FROM conversations;
  DELETE FROM conversation_counts;
  DELETE FROM pending_children;
  DELETE FROM pending_rechecks;
  INSERT INTO pending_sessions SELECT id FROM sessions WHERE TRUE ON CONFLICT DO NOTHING;`

const repairs: Readonly<Record<DatabaseRepair, (connection: Database.Database) => unknown>> = {
  // Done below.
  UNUSED_PAGES: () => undefined,
  INDEX: (connection) => connection.exec('REINDEX'),
  SEARCH_INDEX: rebuildSearchIndex,
  CONVERSATION_INDEX: (connection) => connection.transaction(() => connection.exec(emptyConversationIndexSql))(),
}

/** Derives an index again. Nobody else may use the database. */
export async function repairDatabase(path: string, profile: string, repair: DatabaseRepair): Promise<void> {
  const connection = openProfileDatabase(path, { profile, durable: true })
  try {
    mapSqliteErrors(() => {
      repairs[repair](connection)
      if (checkIntegrity(connection).unusedPageCount > 0) connection.exec('VACUUM')
    })
  } finally {
    connection.close()
  }
  if (repair !== 'CONVERSATION_INDEX') return
  const database = new SegueProfileDatabase(path, { profile, durable: true })
  await database.refreshConversationIndex().finally(() => database.close())
}

/** Stores the parts that the events of these answers fold to. Nobody else may use the database. */
export async function restoreMessagesFromLog(
  path: string,
  profile: string,
  messageIds: readonly string[],
): Promise<void> {
  const database = new SegueProfileDatabase(path, { profile, durable: true })
  try {
    database.transaction(() => {
      for (const id of messageIds) restoreMessage(database, id)
    })
  } finally {
    database.close()
  }
}

function restoreMessage(database: SegueProfileDatabase, id: string): void {
  const row = database.prepare<[string], MessageRow>('SELECT * FROM messages WHERE id = ?').get(id)
  const stream = database.prepare<[string], StreamRow>('SELECT * FROM streams WHERE message_id = ?').get(id)
  if (!row || !stream) return
  const { parts, gap } = foldAnswerFromLog(database, stream)
  // The stored parts may not even be JSON.
  if (gap === null)
    upsertMessage(database, { ...messageFromRow({ ...row, parts: '[]' }, database.profile), parts: parts ?? [] })
}
