import { existsSync } from 'node:fs'
import type { ChatEvent } from '../../../model/chat-event.ts'
import type { ContextCheckpoint } from '../../../model/context/context-checkpoint.ts'
import type { SessionApprovalRule } from '../../../model/approval-rule.ts'
import type { DecisionRecord } from '../../../model/decision.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import { ProfileIdNamespace } from '../../../profiles/profile-id-namespace.ts'
import type { ExportReader } from '../../transfer/export-reader.ts'
import { readEventPages } from '../../transfer/read-event-pages.ts'
import {
  type ConversationSettingsPatch,
  mergeConversationSettings,
  toConversationSettingsPatch,
} from '../../sessions/conversation-settings.ts'
import type { WithIdempotencyKey } from '../../idempotency-key.ts'
import { DatabaseReadSnapshot } from '../database/database-read-snapshot.ts'
import { listBlobHashesOfSessions } from '../tables/blob-reference-table.ts'
import { ConversationSettingsTable } from '../conversation-settings/conversation-settings-table.ts'
import { approvalRuleFromRow, type ApprovalRuleRow } from '../../rows/approval-rule-row.ts'
import { findContextCheckpoint } from '../tables/context-checkpoint-table.ts'
import { decisionFromRow, type DecisionRow } from '../../rows/decision-row.ts'
import { readEventPage } from '../tables/event-table.ts'
import { findIdempotencyKeyByCreatedId } from '../tables/idempotency-key-table.ts'
import { messageFromRow, type MessageRow } from '../../rows/message-row.ts'
import { sessionFromRow, type SessionRowWithSettings, toStoredSessionId } from '../../rows/session-row.ts'
import { selectSessionsSql } from '../tables/session-table.ts'
import { streamFromRow, type StreamRow } from '../../rows/stream-row.ts'

const inSessionsCondition = 'session_id IN (SELECT value FROM json_each(?))'

/** Reads a snapshot of a profile's database. */
export class SqliteExportReader implements ExportReader {
  readonly #snapshot: DatabaseReadSnapshot
  readonly #profile: string

  private constructor(snapshot: DatabaseReadSnapshot, profile: string) {
    this.#snapshot = snapshot
    this.#profile = profile
  }

  /** Null while nothing was written. Throws DatabaseTooNewError, DatabaseNotMigratedError and DatabaseUnusableError. */
  static open(path: string, profile: string): SqliteExportReader | null {
    return existsSync(path) ? new SqliteExportReader(DatabaseReadSnapshot.open(path), profile) : null
  }

  async findSession(id: string): Promise<WithIdempotencyKey<SessionRecord> | null> {
    const row = this.#snapshot
      .prepare<[string], SessionRowWithSettings>(`${selectSessionsSql} WHERE sessions.id = ?`)
      .get(id)
    return row
      ? { ...sessionFromRow(row, this.#profile), key: findIdempotencyKeyByCreatedId(this.#snapshot, id) }
      : null
  }

  async listLinkedIds(id: string): Promise<string[]> {
    const aboveId = new ProfileIdNamespace(this.#profile).unqualify(id)
    if (aboveId === null) return []
    return this.#snapshot
      .prepare<[string, string], { id: string }>(
        'SELECT id FROM sessions WHERE parent_session_id = ? OR takes_place_of = ? ORDER BY id',
      )
      .all(aboveId, aboveId)
      .map((row) => row.id)
  }

  async findConversationSettings(sessionIds: readonly string[]): Promise<ConversationSettingsPatch | null> {
    const storedIds = sessionIds.map((id) => toStoredSessionId(id, this.#profile))
    const [first, ...others] = new ConversationSettingsTable(this.#snapshot).findMany(storedIds)
    return first ? toConversationSettingsPatch(others.reduce(mergeConversationSettings, first)) : null
  }

  async findContextCheckpoint(sessionId: string): Promise<ContextCheckpoint | null> {
    return findContextCheckpoint(this.#snapshot, sessionId)
  }

  async listBlobHashes(sessionId: string): Promise<string[]> {
    return listBlobHashesOfSessions(this.#snapshot, [sessionId])
  }

  async *readStreams(sessionIds: readonly string[]): AsyncGenerator<WithIdempotencyKey<StreamRecord>> {
    const read = this.#snapshot.prepare<[number], StreamRow>('SELECT * FROM streams WHERE rowid = ?')
    for (const rowid of this.#listRowids('streams', sessionIds)) {
      const row = read.get(rowid)
      if (row) yield { ...streamFromRow(row), key: findIdempotencyKeyByCreatedId(this.#snapshot, row.id) }
    }
  }

  async *readMessages(sessionIds: readonly string[]): AsyncGenerator<MessageRecord> {
    const read = this.#snapshot.prepare<[number], MessageRow>('SELECT * FROM messages WHERE rowid = ?')
    for (const rowid of this.#listRowids('messages', sessionIds)) {
      const row = read.get(rowid)
      if (row) yield messageFromRow(row, this.#profile)
    }
  }

  readEvents(sessionIds: readonly string[]): AsyncGenerator<ChatEvent> {
    return readEventPages(sessionIds, async (sessionId, after) => readEventPage(this.#snapshot, { sessionId, after }))
  }

  async *readDecisions(sessionIds: readonly string[]): AsyncGenerator<DecisionRecord> {
    const rows = this.#snapshot
      .prepare<[string], DecisionRow>(`SELECT * FROM decisions WHERE ${inSessionsCondition} ORDER BY change`)
      .all(JSON.stringify(sessionIds))
    for (const row of rows) yield decisionFromRow(row)
  }

  async listApprovalRules(sessionIds: readonly string[]): Promise<SessionApprovalRule[]> {
    return this.#snapshot
      .prepare<[string], ApprovalRuleRow<string>>(
        `SELECT * FROM approval_rules WHERE ${inSessionsCondition} ORDER BY session_id, tool, pattern`,
      )
      .all(JSON.stringify(sessionIds))
      .map((row) => approvalRuleFromRow(row))
  }

  async close(): Promise<void> {
    this.#snapshot[Symbol.dispose]()
  }

  /** Only the numbers are sorted: the rows may be too many and too long. */
  #listRowids(table: 'streams' | 'messages', sessionIds: readonly string[]): number[] {
    return this.#snapshot
      .prepare<[string], { rowid: number }>(`SELECT rowid FROM ${table} WHERE ${inSessionsCondition} ORDER BY rowid`)
      .all(JSON.stringify(sessionIds))
      .map(({ rowid }) => rowid)
  }
}
