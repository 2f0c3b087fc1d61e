import type { ConversationChange } from '../../sessions/conversation-reader.ts'
import { allocateChangeSeqs } from '../database/change-sequences.ts'
import {
  defineInsert,
  insertRows,
  type PostgresConnection,
  type PostgresStatement,
  type PostgresTransaction,
} from '../database/postgres-statement.ts'

interface ConversationChangeRow {
  readonly number: number
  readonly root_id: string
  readonly before: ConversationChange['before']
  readonly after: ConversationChange['after']
  readonly successor_id: string | null
}

/** Stands for changes of any conversations. */
export const anyConversation: ConversationChange = { rootId: '', before: null, after: null }

/** So many of the newest changes are kept for processes that read behind. */
const maxKept = 10_000
const maxPerRead = 1_000

const insert = defineInsert<ConversationChangeRow>('insert-conversation-changes', 'conversation_changes', {
  number: 'bigint',
  root_id: 'text',
  before: 'text',
  after: 'text',
  successor_id: 'text',
})

const deleteOld: PostgresStatement = {
  name: 'delete-old-conversation-changes',
  text: 'DELETE FROM conversation_changes WHERE profile = $1 AND number <= $2',
}

const selectAfter: PostgresStatement = {
  name: 'select-conversation-changes',
  text: `SELECT * FROM conversation_changes WHERE profile = $1 AND number > $2 ORDER BY number LIMIT ${maxPerRead}`,
}

/** Adds changes to the log. */
export async function appendConversationChanges(
  tx: PostgresTransaction,
  changes: readonly ConversationChange[],
): Promise<void> {
  const numbers = await allocateChangeSeqs(tx, 'conversations', changes.length)
  const rows = changes.map((change, index) => conversationChangeToRow(change, numbers[index] ?? 0))
  await insertRows(tx, insert, rows)
  await tx.execute(deleteOld, [(numbers.at(-1) ?? 0) - maxKept])
}

/**
 * Changes after a number, and the number of the last one. `changes` is null if some after it are no longer kept, and if any
 * conversation may have changed.
 */
export interface ConversationChangePage {
  readonly changes: readonly ConversationChange[] | null
  readonly last: number
  readonly isComplete: boolean
}

export async function readConversationChanges(
  db: Pick<PostgresConnection, 'query'>,
  after: number,
): Promise<ConversationChangePage> {
  const rows = await db.query<ConversationChangeRow>(selectAfter, [after])
  const [first] = rows
  // The numbers have no gaps.
  const isGap = first !== undefined && first.number > after + 1
  return {
    changes:
      isGap || rows.some(({ root_id }) => root_id === anyConversation.rootId)
        ? null
        : rows.map(conversationChangeFromRow),
    last: rows.at(-1)?.number ?? after,
    isComplete: rows.length < maxPerRead,
  }
}

function conversationChangeToRow(
  { rootId, before, after, successorId }: ConversationChange,
  number: number,
): ConversationChangeRow {
  return { number, root_id: rootId, before, after, successor_id: successorId ?? null }
}

function conversationChangeFromRow({
  root_id: rootId,
  before,
  after,
  successor_id: successorId,
}: ConversationChangeRow): ConversationChange {
  return { rootId, before, after, ...(successorId !== null && { successorId }) }
}
