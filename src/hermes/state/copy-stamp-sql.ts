import type { HermesStateSchema } from './hermes-state-schema.ts'

/**
 * Returns a SQL scalar on `sessions`: null if the session cannot have copied its parent's messages. Otherwise a text that
 * changes whenever the messages of either change in a way that matters to that: it names the oldest message of both, and
 * the newest one that the parent had at the session's start and still has.
 *
 * A fork keeps the times of the messages that it copies, so it has messages that are older than itself, one of them as old
 * as the newest one of its parent. Both are one look into an index, also in a session of many messages. A marked branch may
 * have copied messages with other times.
 */
export function buildCopyStampSql(schema: HermesStateSchema): string {
  if (!schema.hasMessages || !schema.hasColumns('sessions', ['parent_session_id'])) return 'NULL'
  if (!schema.hasColumns('sessions', ['started_at']) || !schema.hasColumns('messages', ['timestamp'])) return 'NULL'
  const hasOlderRow = `EXISTS (SELECT 1 FROM messages
    WHERE messages.session_id = sessions.id AND messages.timestamp <= sessions.started_at)`
  const newestTime = selectNewestOfParent('messages.timestamp', schema)
  const hasNewestOfParent = `((${newestTime}) IS NULL OR EXISTS (SELECT 1 FROM messages
    WHERE messages.session_id = sessions.id AND messages.timestamp = (${newestTime})))`
  const isMarked = schema.hasColumns('sessions', ['model_config'])
    ? `instr(sessions.model_config, '"_branched_from"') > 0`
    : 'FALSE'
  const ids = [
    selectOldestId('sessions.id'),
    selectOldestId('sessions.parent_session_id'),
    selectNewestOfParent('messages.id', schema),
  ]
  return `CASE WHEN sessions.parent_session_id IS NOT NULL
      AND (${isMarked} OR (${hasOlderRow} AND ${hasNewestOfParent}))
    THEN ${ids.map((id) => `quote((${id}))`).join(` || ' ' || `)} END`
}

function selectOldestId(sessionId: string): string {
  return `SELECT messages.id FROM messages WHERE messages.session_id = ${sessionId} ORDER BY messages.timestamp LIMIT 1`
}

/** Of the active messages that the parent had at the session's start. */
function selectNewestOfParent(column: string, { activeCondition }: HermesStateSchema): string {
  return `SELECT ${column} FROM messages
    WHERE messages.session_id = sessions.parent_session_id AND ${activeCondition}
      AND messages.timestamp <= sessions.started_at
    ORDER BY messages.timestamp DESC LIMIT 1`
}
