/**
 * The lists of all sessions and conversations by time, whatever their flags: a page without a filter is read from one list,
 * and need not be merged from one list for each value of `flags`.
 */
export const migration031 = `
  CREATE INDEX conversation_sessions_by_time ON conversation_sessions (activity_at, id, flags);
  CREATE INDEX conversations_by_time ON conversations (last_activity_at, root_id, flags);
`
