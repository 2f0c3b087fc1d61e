import { turnScheduler } from '../../../lib/event-loop/turn-scheduler.ts'
import type { MessageRecord } from '../../../model/message.ts'
import { orderByIds } from '../../keyset-pagination.ts'
import { isOfExistingSessionSql } from '../tables/deletion-queue-condition.ts'
import { messageFromRow, type MessageRow } from '../../rows/message-row.ts'
import type { SegueProfileDatabase } from '../segue-profile-database.ts'

/** How much text is read and parsed at once, in bytes, beyond the last message. */
const maxBytesAtOnce = 262_144
const maxMessagesAtOnce = 500

export const isShownSql = isOfExistingSessionSql('messages')

/** A message to read. */
export interface MessageOutline {
  readonly id: string
  /** Of its parts as JSON. */
  readonly byteLength: number
}

/** The columns of an outline. SQLite knows the length of a text without reading it. */
export const selectOutlinesSql = 'SELECT id, octet_length(parts) AS byteLength FROM messages'

/**
 * Reads messages, which can have megabytes each, and yields to the event loop in between. Those that are deleted meanwhile
 * are left out.
 */
export async function readMessagesInSteps(
  database: SegueProfileDatabase,
  outlines: readonly MessageOutline[],
): Promise<MessageRecord[]> {
  const read = database.prepare<[string], MessageRow>(
    `SELECT * FROM messages WHERE id IN (SELECT value FROM json_each(?)) AND ${isShownSql}`,
  )
  const messages: MessageRecord[] = []
  for (const { ids, isLong } of splitIntoSteps(outlines)) {
    // A few short messages do not stand in line.
    if ((messages.length > 0 || isLong) && turnScheduler.mustWait()) await turnScheduler.wait()
    const records = read.all(JSON.stringify(ids)).map((row) => messageFromRow(row, database.profile))
    messages.push(...orderByIds(ids, records, ({ id }) => id))
  }
  return messages
}

interface ReadStep {
  readonly ids: readonly string[]
  readonly isLong: boolean
}

function* splitIntoSteps(outlines: readonly MessageOutline[]): Generator<ReadStep> {
  let ids: string[] = []
  let bytes = 0
  for (const { id, byteLength } of outlines) {
    ids.push(id)
    bytes += byteLength
    if (bytes < maxBytesAtOnce && ids.length < maxMessagesAtOnce) continue
    yield { ids, isLong: true }
    ids = []
    bytes = 0
  }
  if (ids.length > 0) yield { ids, isLong: false }
}
