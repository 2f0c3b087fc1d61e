import { chunkArray } from '../../lib/chunk-array.ts'
import type { StateDatabaseConnection } from '../state/state-database.ts'
import { alignCopiedRows, type CopiedRows, type CopyRule } from './align-copied-rows.ts'
import { type ComparedMessageRow, CopyableMessageRows } from './copyable-message-rows.ts'

const pairsPerQuery = 500

/** A session that may begin with copies of the messages of another one. */
export interface CopyingSession {
  readonly id: string
  readonly parentId: string
  /** In epoch seconds, as stored. */
  readonly startedAtCell: unknown
}

/**
 * The rows of the parent that a session begins with. Hermes' API server copies the active rows of the session that it
 * forks, and keeps their roles, contents, times and call ids bit by bit. `isComplete`: the session is such a fork.
 */
export function findForkedMessages(
  file: StateDatabaseConnection,
  session: CopyingSession,
): CopiedRows<ComparedMessageRow> {
  const { copy, parent, loadContent } = loadRows(file, session)
  const hasSameOutline = (a: ComparedMessageRow, b: ComparedMessageRow): boolean =>
    a.timestamp === b.timestamp && a.role === b.role && a.toolCallId === b.toolCallId
  // Contents can be long, so the database compares them. They only decide between rows of the same time otherwise.
  const aligned = alignWithParent(copy, parent, toCopyRule(hasSameOutline))
  if (!aligned.isComplete || haveEqualContents(file, copy, aligned.originals)) return aligned
  const isSame = (a: ComparedMessageRow, b: ComparedMessageRow): boolean =>
    hasSameOutline(a, b) && areContentsEqual(loadContent(a), loadContent(b))
  return alignWithParent(copy, parent, toCopyRule(isSame))
}

/**
 * The rows of the parent that a session begins with, if it is marked as a branch of it. Hermes' terminal and its gateway
 * copy messages with other times and, some of them, with their roles and texts alone.
 */
export function findBranchedMessages(
  file: StateDatabaseConnection,
  session: CopyingSession,
): CopiedRows<ComparedMessageRow> {
  const { copy, parent, loadContent } = loadRows(file, session)
  const isSame = (a: ComparedMessageRow, b: ComparedMessageRow): boolean =>
    a.role === b.role && areContentsEqual(trimContent(loadContent(a)), trimContent(loadContent(b)))
  // The bookkeeping row of a chat is not copied; the branch has its own.
  const isMessage = ({ role }: ComparedMessageRow): boolean => role !== 'session_meta'
  return alignWithParent(copy.filter(isMessage), parent.filter(isMessage), toCopyRule(isSame))
}

function loadRows(file: StateDatabaseConnection, { id, parentId, startedAtCell }: CopyingSession) {
  const copy = new CopyableMessageRows(file, id, startedAtCell)
  const parent = new CopyableMessageRows(file, parentId, startedAtCell)
  const copyIds = new Set(copy.rows.map((row) => row.id))
  return {
    copy: copy.rows,
    parent: parent.rows,
    loadContent: (row: ComparedMessageRow) => (copyIds.has(row.id) ? copy : parent).loadContent(row),
  }
}

/**
 * Rows that the parent got after the copy have higher ids than the copy's first one. Where a rewrite has given the parent's
 * rows new ids, all of them count.
 */
function alignWithParent(
  copy: readonly ComparedMessageRow[],
  parent: readonly ComparedMessageRow[],
  rule: CopyRule<ComparedMessageRow>,
): CopiedRows<ComparedMessageRow> {
  const firstId = copy[0]?.id ?? 0
  const olderRows = parent.filter(({ id }) => id < firstId)
  const aligned = alignCopiedRows(copy, olderRows, rule)
  if (aligned.isComplete || olderRows.length === parent.length) return aligned
  const alignedWithAll = alignCopiedRows(copy, parent, rule)
  return alignedWithAll.isComplete || alignedWithAll.originals.length > aligned.originals.length
    ? alignedWithAll
    : aligned
}

/** Whether each original has the content of the row at the same place in the copy. */
function haveEqualContents(
  { db, schema }: StateDatabaseConnection,
  copy: readonly ComparedMessageRow[],
  originals: readonly ComparedMessageRow[],
): boolean {
  if (!schema.hasColumns('messages', ['content'])) return true
  const findDifference = db.prepare<[string]>(
    `SELECT 1 FROM json_each(?) JOIN messages AS copies ON copies.id = json_each.value ->> 0
     JOIN messages AS originals ON originals.id = json_each.value ->> 1
     WHERE copies.content IS NOT originals.content LIMIT 1`,
  )
  const pairs = originals.map(({ id }, index) => [copy[index]?.id, id])
  return chunkArray(pairs, pairsPerQuery).every((batch) => findDifference.get(JSON.stringify(batch)) === undefined)
}

function toCopyRule(isSame: (a: ComparedMessageRow, b: ComparedMessageRow) => boolean): CopyRule<ComparedMessageRow> {
  return { isCopy: isSame, isDuplicate: (row, earlier) => earlier.some((other) => isSame(other, row)) }
}

function areContentsEqual(a: unknown, b: unknown): boolean {
  return a === b || (Buffer.isBuffer(a) && Buffer.isBuffer(b) && a.equals(b))
}

/** Hermes trims the texts of a chat when it resumes it, and stores no text as null or as an empty one. */
function trimContent(content: unknown): unknown {
  return typeof content === 'string' ? content.trim() || null : content
}
