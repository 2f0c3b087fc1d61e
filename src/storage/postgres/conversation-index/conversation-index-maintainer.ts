import { parseIdKind } from '../../../lib/ids.ts'
import { findConversationListChanges, segueListingRule } from '../../conversation-index/conversation-changes.ts'
import {
  ConversationIndexer,
  type ConversationIndexUpdateResult,
} from '../../conversation-index/conversation-indexer.ts'
import { hermesSessionFlag, isHermesSession } from '../../conversation-index/conversation-index-flags.ts'
import { indexedSessionFromRow } from '../../conversation-index/indexed-session-row.ts'
import type { ConversationIndexEntry } from '../../sessions/cross-origin-continuation-feed.ts'
import type { PostgresConnection, PostgresStatement, PostgresTransaction } from '../database/postgres-statement.ts'
import {
  deleteConversationSettings,
  findConversationSettings,
  mergeConversationSettings,
} from '../tables/conversation-settings-table.ts'
import { loadHermesSessionsToIndex } from '../tables/hermes/hermes-session-table.ts'
import { appendConversationChanges } from './conversation-change-log.ts'
import * as rows from './conversation-index-rows.ts'
import { LoadedConversationIndex } from './loaded-conversation-index.ts'
import { LoadedConversationSettings } from './loaded-conversation-settings.ts'

/** Sessions that one transaction indexes. */
const maxSessionsPerPass = 500

const selectAnyPending: PostgresStatement = {
  name: 'select-any-pending-session',
  text: 'SELECT number FROM pending_sessions WHERE profile = $1 LIMIT 1',
}

/** Processes index a profile one after another. */
const lockIndex: PostgresStatement = {
  name: 'lock-conversation-index',
  text: `SELECT latest FROM change_sequences WHERE profile = $1 AND feed = 'conversations' FOR UPDATE`,
}

const selectPending: PostgresStatement = {
  name: 'select-pending-sessions',
  text: `SELECT number, session_id FROM pending_sessions WHERE profile = $1 ORDER BY number LIMIT ${maxSessionsPerPass}`,
}

const deletePending: PostgresStatement = {
  name: 'delete-pending-sessions',
  text: 'DELETE FROM pending_sessions WHERE profile = $1 AND number = ANY($2::bigint[])',
}

const beginIndexing: PostgresStatement = {
  name: 'begin-indexing',
  text: `SELECT set_config('segue.is_indexing', '1', true) WHERE $1::text IS NOT NULL`,
}

const selectReadMarksStart: PostgresStatement = {
  name: 'select-read-marks-start',
  text: `SELECT profiles.read_marks_start AS segue, hermes_agents.read_marks_start AS hermes
    FROM profiles LEFT JOIN hermes_agents ON hermes_agents.profile = profiles.name WHERE profiles.name = $1`,
}

/** Whether sessions have changed that the index does not reflect. */
export async function hasPendingSessions(db: Pick<PostgresConnection, 'query'>): Promise<boolean> {
  return (await db.query(selectAnyPending)).length > 0
}

/**
 * Indexes up to 500 of the sessions that were written to. Triggers record which those are, so that no writer needs to know of
 * the index. Returns whether there may be more.
 *
 * The index has the sessions of both origins. A conversation crosses them if sessions of Segue continue those of Hermes and one
 * of them is the tip, or if its root continues a session that is not stored, or takes the place of one.
 */
export async function processPendingSessions(tx: PostgresTransaction): Promise<boolean> {
  await tx.execute(lockIndex)
  const pending = await tx.query<{ number: number; session_id: string }>(selectPending)
  if (pending.length === 0) return false
  const ids = [...new Set(pending.map(({ session_id }) => session_id))]
  const update = await loadUpdate(tx, ids)
  const result = createIndexer(update).apply({
    upserted: update.upserted,
    deleted: update.deleted,
    changedSettings: ids,
  })
  await storeResult(tx, update, result)
  await appendConversationChanges(
    tx,
    findConversationListChanges(
      update.index,
      { conversations: result.conversations, sessionIds: ids },
      segueListingRule,
    ),
  )
  await tx.execute(deletePending, [pending.map(({ number }) => number)])
  return pending.length === maxSessionsPerPass
}

/** What ended before counts as read in conversations without a read mark, in epoch milliseconds: those that begin in each origin. */
interface ReadMarksStart {
  readonly segue: number
  readonly hermes: number | null
}

/** What an update of the index works on. */
interface LoadedUpdate {
  readonly index: LoadedConversationIndex
  readonly settings: LoadedConversationSettings
  readonly upserted: readonly ConversationIndexEntry[]
  readonly deleted: readonly string[]
  readonly readMarksStart: ReadMarksStart
}

async function loadUpdate(tx: PostgresTransaction, ids: readonly string[]): Promise<LoadedUpdate> {
  const [readMarksStart] = await tx.query<ReadMarksStart>(selectReadMarksStart)
  const upserted = [
    ...(await rows.loadSessionsToIndex(tx, ids)).map(indexedSessionFromRow),
    ...(await loadHermesSessionsToIndex(tx, ids)).map(toHermesEntry),
  ]
  const linkedIds = upserted.flatMap(({ continues, takes_place_of }) => [continues ?? [], takes_place_of ?? []].flat())
  const sessions = await rows.loadConnectedSessions(tx, [...new Set([...ids, ...linkedIds])])
  const loadedIds = [...new Set([...ids, ...sessions.flatMap(({ id, root_id }) => [id, root_id])])]
  const existingIds = new Set(upserted.map(({ id }) => id))
  return {
    index: new LoadedConversationIndex(sessions, await rows.loadConversations(tx, loadedIds)),
    settings: new LoadedConversationSettings(await findConversationSettings(tx, loadedIds)),
    upserted,
    deleted: ids.filter((id) => !existingIds.has(id)),
    readMarksStart: readMarksStart ?? { segue: 0, hermes: null },
  }
}

function toHermesEntry(entry: ConversationIndexEntry): ConversationIndexEntry {
  return { ...entry, flags: entry.flags | hermesSessionFlag }
}

function createIndexer({ index, settings, readMarksStart }: LoadedUpdate): ConversationIndexer {
  return new ConversationIndexer(index, settings, {
    detectCrossOrigin: ({ continues, takes_place_of, flags }, tip) =>
      isHermesSession(flags)
        ? !isHermesSession(tip.flags)
        : [takes_place_of, continues].some((id) => id !== null && !index.findSession(id)),
    // Whether a session of Hermes is a fork shows only in its messages.
    canInheritSettings: ({ flags, message_at }) => !isHermesSession(flags) || message_at !== null,
    loadReadMarksStart: (rootFlags) =>
      (isHermesSession(rootFlags) ? readMarksStart.hermes : null) ?? readMarksStart.segue,
  })
}

async function storeResult(
  tx: PostgresTransaction,
  { index, settings, deleted }: LoadedUpdate,
  { conversations }: ConversationIndexUpdateResult,
): Promise<void> {
  await rows.storeSessions(
    tx,
    [...index.changedSessionIds].map((id) => ({ id, row: index.findSession(id) })),
  )
  await rows.storeConversations(
    tx,
    [...index.changedRootIds].map((id) => ({ id, row: index.findConversation(id) })),
  )
  await rows.storeConversationCounts(tx, countAdded(conversations))
  // The settings of a root are needed until the last session has left it. Those of Hermes' sessions are kept: they may come back.
  const formerRootIds = [...conversations].flatMap(([rootId, { after }]) => (after === null ? rootId : []))
  const unusedIds = [...new Set([...deleted, ...formerRootIds])].filter(
    (id) => parseIdKind(id) === 'session' && !index.findSession(id) && !index.findConversation(id),
  )
  if (unusedIds.length > 0) await deleteConversationSettings(tx, unusedIds)
  const merged = [...settings.merged.values()].filter(({ session_id }) => !unusedIds.includes(session_id))
  if (merged.length === 0) return
  await tx.execute(beginIndexing)
  await mergeConversationSettings(tx, merged)
}

/** How many conversations each value of `flags` has gained. */
function countAdded(conversations: ConversationIndexUpdateResult['conversations']): Map<number, number> {
  const added = new Map<number, number>()
  const add = (flags: number | null, count: number): void => {
    if (flags !== null) added.set(flags, (added.get(flags) ?? 0) + count)
  }
  for (const { before, after } of conversations.values()) {
    add(before, -1)
    add(after, 1)
  }
  return added
}
