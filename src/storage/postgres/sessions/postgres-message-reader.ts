import type { PageRequest } from '../../../lib/pagination.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { MessageRow } from '../../rows/message-row.ts'
import type { MessageReader } from '../../sessions/message-reader.ts'
import type { PostgresStatement, PostgresValue } from '../database/postgres-statement.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { parseMessagesInSteps } from './parse-messages-in-steps.ts'

const maxMessagesPerPage = 1_001

const selectCounts: PostgresStatement = {
  name: 'select-message-counts',
  text: 'SELECT id, message_count AS count FROM sessions WHERE profile = $1 AND id = ANY($2::text[])',
}

const pageCondition = 'profile = $1 AND session_id = $2 AND position > $3 AND position < $4'

const selectFirstMessages: PostgresStatement = {
  name: 'select-first-messages',
  text: `SELECT * FROM messages WHERE ${pageCondition} ORDER BY position ASC LIMIT $5`,
}

const selectLastMessages: PostgresStatement = {
  name: 'select-last-messages',
  text: `SELECT * FROM messages WHERE ${pageCondition} ORDER BY position DESC LIMIT $5`,
}

const selectMessages: PostgresStatement = {
  name: 'select-messages',
  text: 'SELECT * FROM messages WHERE profile = $1 AND id = ANY($2::text[])',
}

const selectContextMessages: PostgresStatement = {
  name: 'select-context-messages',
  text: `SELECT * FROM messages WHERE profile = $1 AND session_id = $2 AND position IS NOT NULL AND withdrawn = 0
    ORDER BY position`,
}

/** The messages of a profile. */
export class PostgresMessageReader implements MessageReader {
  readonly #database: PostgresProfileDatabase

  constructor(database: PostgresProfileDatabase) {
    this.#database = database
  }

  async countMessages(sessionIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await this.#database.query<{ id: string; count: number }>(selectCounts, [sessionIds])
    return new Map(rows.map(({ id, count }) => [id, count]))
  }

  async listMessages(sessionId: string, page: PageRequest<number>): Promise<MessageRecord[]> {
    const { after, before, limit, backwards } = page
    const bounds = [after ?? Number.MIN_SAFE_INTEGER, before ?? Number.MAX_SAFE_INTEGER]
    const messages = await this.#query(
      backwards ? selectLastMessages : selectFirstMessages,
      sessionId,
      ...bounds,
      Math.min(limit, maxMessagesPerPage),
    )
    return backwards ? messages.reverse() : messages
  }

  findMessages(ids: readonly string[]): Promise<MessageRecord[]> {
    return this.#query(selectMessages, ids)
  }

  async findMessage(id: string): Promise<MessageRecord | null> {
    const [message] = await this.findMessages([id])
    return message ?? null
  }

  loadContextMessages(sessionId: string): Promise<MessageRecord[]> {
    return this.#query(selectContextMessages, sessionId)
  }

  async #query(statement: PostgresStatement, ...values: PostgresValue[]): Promise<MessageRecord[]> {
    const rows = await this.#database.query<MessageRow>(statement, values)
    return parseMessagesInSteps(rows, this.#database.profile)
  }
}
