import type { PostgresStatement } from '../database/postgres-statement.ts'
import { selectSessionsSql } from '../tables/session-table.ts'

const inSessions = 'profile = $1 AND session_id = ANY($2::text[])'

export const selectProfile: PostgresStatement = {
  name: 'select-profile',
  text: 'SELECT name FROM profiles WHERE name = $1',
}

export const selectSession: PostgresStatement = {
  name: 'select-session',
  text: `${selectSessionsSql} AND sessions.id = $2`,
}

export const selectLinkedIds: PostgresStatement = {
  name: 'select-ids-of-linked-sessions',
  text: 'SELECT id FROM sessions WHERE profile = $1 AND (parent_session_id = $2 OR takes_place_of = $2) ORDER BY id',
}

export const selectStreamIds: PostgresStatement = {
  name: 'select-ids-of-streams',
  text: `SELECT id FROM streams WHERE ${inSessions} ORDER BY number`,
}

export const selectMessageIds: PostgresStatement = {
  name: 'select-ids-of-messages',
  text: `SELECT id FROM messages WHERE ${inSessions} ORDER BY number`,
}

export const selectMessages: PostgresStatement = {
  name: 'select-exported-messages',
  text: 'SELECT * FROM messages WHERE profile = $1 AND id = ANY($2::text[])',
}

export const selectDecisions: PostgresStatement = {
  name: 'select-exported-decisions',
  text: `SELECT * FROM decisions WHERE ${inSessions} ORDER BY change`,
}

export const selectApprovalRules: PostgresStatement = {
  name: 'select-exported-approval-rules',
  text: `SELECT * FROM approval_rules WHERE ${inSessions} ORDER BY session_id, tool, pattern`,
}
