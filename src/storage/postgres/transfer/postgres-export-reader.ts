import { chunkArray } from '../../../lib/chunk-array.ts'
import type { SessionApprovalRule } from '../../../model/approval-rule.ts'
import type { ChatEvent } from '../../../model/chat-event.ts'
import type { ContextCheckpoint } from '../../../model/context/context-checkpoint.ts'
import type { DecisionRecord } from '../../../model/decision.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import { ProfileIdNamespace } from '../../../profiles/profile-id-namespace.ts'
import type { WithIdempotencyKey } from '../../idempotency-key.ts'
import { orderByIds } from '../../keyset-pagination.ts'
import { approvalRuleFromRow, type ApprovalRuleRow } from '../../rows/approval-rule-row.ts'
import { decisionFromRow, type DecisionRow } from '../../rows/decision-row.ts'
import { messageFromRow, type MessageRow } from '../../rows/message-row.ts'
import { sessionFromRow, type SessionRowWithSettings, toStoredSessionId } from '../../rows/session-row.ts'
import {
  type ConversationSettingsPatch,
  mergeConversationSettings,
  toConversationSettingsPatch,
} from '../../sessions/conversation-settings.ts'
import type { ExportReader } from '../../transfer/export-reader.ts'
import { readEventPages } from '../../transfer/read-event-pages.ts'
import type { PostgresStatement } from '../database/postgres-statement.ts'
import type { PostgresProfileDatabase } from '../postgres-profile-database.ts'
import { listBlobHashesOfSessions } from '../tables/blob-reference-table.ts'
import { findContextCheckpoint } from '../tables/context-checkpoint-table.ts'
import { findConversationSettings } from '../tables/conversation-settings-table.ts'
import { readEventPage } from '../tables/event-table.ts'
import { findIdempotencyKeysByCreatedIds } from '../tables/idempotency-key-table.ts'
import { findStreams } from '../tables/stream-table.ts'
import { PostgresReadSnapshot } from './postgres-read-snapshot.ts'
import * as statements from './export-statements.ts'

/** Messages can have megabytes each. */
const messageBatchSize = 20
const streamBatchSize = 500

/** Reads a snapshot of a profile. */
export class PostgresExportReader implements ExportReader {
  readonly #snapshot: PostgresReadSnapshot

  private constructor(snapshot: PostgresReadSnapshot) {
    this.#snapshot = snapshot
  }

  /** Null while nothing was written. */
  static async open(database: PostgresProfileDatabase): Promise<PostgresExportReader | null> {
    const snapshot = await PostgresReadSnapshot.open(database)
    const reader = new PostgresExportReader(snapshot)
    if ((await snapshot.query(statements.selectProfile)).length > 0) return reader
    await reader.close()
    return null
  }

  async findSession(id: string): Promise<WithIdempotencyKey<SessionRecord> | null> {
    const [row] = await this.#snapshot.query<SessionRowWithSettings>(statements.selectSession, [id])
    if (!row) return null
    const keys = await this.#findKeys([id])
    return { ...sessionFromRow(row, this.#snapshot.profile), key: keys.get(id) ?? null }
  }

  async listLinkedIds(id: string): Promise<string[]> {
    const aboveId = new ProfileIdNamespace(this.#snapshot.profile).unqualify(id)
    return aboveId === null ? [] : this.#listIds(statements.selectLinkedIds, aboveId)
  }

  async findConversationSettings(sessionIds: readonly string[]): Promise<ConversationSettingsPatch | null> {
    const storedIds = sessionIds.map((id) => toStoredSessionId(id, this.#snapshot.profile))
    const [first, ...others] = await findConversationSettings(this.#snapshot, storedIds)
    return first ? toConversationSettingsPatch(others.reduce(mergeConversationSettings, first)) : null
  }

  findContextCheckpoint(sessionId: string): Promise<ContextCheckpoint | null> {
    return findContextCheckpoint(this.#snapshot, sessionId)
  }

  listBlobHashes(sessionId: string): Promise<string[]> {
    return listBlobHashesOfSessions(this.#snapshot, [sessionId])
  }

  readEvents(sessionIds: readonly string[]): AsyncGenerator<ChatEvent> {
    return readEventPages(sessionIds, async (sessionId, after) => readEventPage(this.#snapshot, { sessionId, after }))
  }

  async *readStreams(sessionIds: readonly string[]): AsyncGenerator<WithIdempotencyKey<StreamRecord>> {
    const ids = await this.#listIds(statements.selectStreamIds, sessionIds)
    for (const batch of chunkArray(ids, streamBatchSize)) {
      const keys = await this.#findKeys(batch)
      const streams = orderByIds(batch, await findStreams(this.#snapshot, batch), ({ id }) => id)
      for (const stream of streams) yield { ...stream, key: keys.get(stream.id) ?? null }
    }
  }

  async *readMessages(sessionIds: readonly string[]): AsyncGenerator<MessageRecord> {
    const ids = await this.#listIds(statements.selectMessageIds, sessionIds)
    for (const batch of chunkArray(ids, messageBatchSize)) {
      const rows = await this.#snapshot.query<MessageRow>(statements.selectMessages, [batch])
      for (const row of orderByIds(batch, rows, ({ id }) => id)) yield messageFromRow(row, this.#snapshot.profile)
    }
  }

  async *readDecisions(sessionIds: readonly string[]): AsyncGenerator<DecisionRecord> {
    const rows = await this.#snapshot.query<DecisionRow>(statements.selectDecisions, [sessionIds])
    for (const row of rows) yield decisionFromRow(row)
  }

  async listApprovalRules(sessionIds: readonly string[]): Promise<SessionApprovalRule[]> {
    const rows = await this.#snapshot.query<ApprovalRuleRow<string>>(statements.selectApprovalRules, [sessionIds])
    return rows.map((row) => approvalRuleFromRow(row))
  }

  async close(): Promise<void> {
    await this.#snapshot[Symbol.asyncDispose]()
  }

  async #listIds(statement: PostgresStatement, value: string | readonly string[]): Promise<string[]> {
    const rows = await this.#snapshot.query<{ id: string }>(statement, [value])
    return rows.map(({ id }) => id)
  }

  /** By what their calls have created. */
  async #findKeys(createdIds: readonly string[]): Promise<Map<string, { key: string; fingerprint: string }>> {
    const records = await findIdempotencyKeysByCreatedIds(this.#snapshot, createdIds)
    return new Map(records.map(({ createdId, key, fingerprint }) => [createdId ?? '', { key, fingerprint }]))
  }
}
