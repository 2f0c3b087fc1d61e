import type { ChatEvent } from '../../../model/chat-event.ts'
import type { DecisionRecord, ToolGrant } from '../../../model/decision.ts'
import type { MessageRecord } from '../../../model/message.ts'
import type { SessionRecord } from '../../../model/session.ts'
import type { StreamRecord } from '../../../model/stream.ts'
import type { IdempotencyKey } from '../../event-store.ts'
import { IdNamespace } from '../../../profiles/id-namespace.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import {
  type DecisionRow,
  type EventRow,
  type MessageRow,
  type SessionRow,
  type StreamRow,
  decisionFromRow,
  eventFromRow,
  messageFromRow,
  sessionFromRow,
  streamFromRow,
} from '../rows/row-mappers.ts'

interface IdempotencyKeyColumns {
  readonly key: string | null
  readonly fingerprint: string | null
}

/** A record with what the client calls the request that made it. */
export type WithIdempotencyKey<T> = T & { readonly key: IdempotencyKey | null }

/** All that is kept of some sessions, as the tables hold it, row by row: for whoever copies it whole. */
export class ExportReader {
  readonly #db: SqlConnection
  readonly #profile: string

  constructor(db: SqlConnection, profile: string) {
    this.#db = db
    this.#profile = profile
  }

  findSession(id: string): WithIdempotencyKey<SessionRecord> | null {
    const row = this.#db
      .prepare<[string], SessionRow & IdempotencyKeyColumns>('SELECT * FROM sessions WHERE id = ?')
      .get(id)
    return row ? { ...sessionFromRow(row, this.#profile), key: toIdempotencyKey(row) } : null
  }

  /** Ids of those that name this one as their parent. */
  listChildIds(id: string): string[] {
    const parentId = IdNamespace.forProfile(this.#profile).unqualify(id)
    if (parentId === null) return []
    return this.#db
      .prepare<[string], { id: string }>('SELECT id FROM sessions WHERE parent_session_id = ? ORDER BY id')
      .all(parentId)
      .map((row) => row.id)
  }

  /** The hashes of the kept files to which a session refers. */
  listBlobHashes(sessionId: string): string[] {
    return this.#db
      .prepare<[string], { hash: string }>('SELECT hash FROM blob_references WHERE session_id = ? ORDER BY hash')
      .all(sessionId)
      .map(({ hash }) => hash)
  }

  /** In the order in which they began to be kept. */
  *readStreams(sessionIds: readonly string[]): Generator<WithIdempotencyKey<StreamRecord>> {
    const read = this.#db.prepare<[number], StreamRow & IdempotencyKeyColumns>('SELECT * FROM streams WHERE rowid = ?')
    for (const number of this.#listRowids('streams', sessionIds)) {
      const row = read.get(number)
      if (row) yield { ...streamFromRow(row), key: toIdempotencyKey(row) }
    }
  }

  /** In the order in which they began to be kept. */
  *readMessages(sessionIds: readonly string[]): Generator<MessageRecord> {
    const read = this.#db.prepare<[number], MessageRow>('SELECT * FROM messages WHERE rowid = ?')
    for (const number of this.#listRowids('messages', sessionIds)) {
      const row = read.get(number)
      if (row) yield messageFromRow(row)
    }
  }

  /** Session by session, in order of seq. */
  *readEvents(sessionIds: readonly string[]): Generator<ChatEvent> {
    const read = this.#db.prepare<[string], EventRow>('SELECT * FROM events WHERE session_id = ? ORDER BY seq')
    for (const id of sessionIds) for (const row of read.iterate(id)) yield eventFromRow(row)
  }

  /** In the order in which they last changed. */
  *readDecisions(sessionIds: readonly string[]): Generator<DecisionRecord> {
    const rows = this.#db
      .prepare<[string], DecisionRow>(`SELECT * FROM decisions WHERE ${inSessionsCondition} ORDER BY change`)
      .iterate(JSON.stringify(sessionIds))
    for (const row of rows) yield decisionFromRow(row)
  }

  /** Of these sessions alone: what is granted in a whole profile belongs to none. */
  listGrants(sessionIds: readonly string[]): (ToolGrant & { readonly sessionId: string })[] {
    return this.#db
      .prepare<[string], { sessionId: string; tool: string }>(
        `SELECT session_id AS sessionId, tool FROM grants WHERE ${inSessionsCondition} ORDER BY session_id, tool`,
      )
      .all(JSON.stringify(sessionIds))
  }

  /** First their numbers alone: the rows may be too many, and too long, to be put in order. */
  #listRowids(table: 'streams' | 'messages', sessionIds: readonly string[]): number[] {
    return this.#db
      .prepare<[string], { number: number }>(
        `SELECT rowid AS number FROM ${table} WHERE ${inSessionsCondition} ORDER BY rowid`,
      )
      .all(JSON.stringify(sessionIds))
      .map(({ number }) => number)
  }
}

const inSessionsCondition = 'session_id IN (SELECT value FROM json_each(?))'

function toIdempotencyKey({ key, fingerprint }: IdempotencyKeyColumns): IdempotencyKey | null {
  return key === null || fingerprint === null ? null : { key, fingerprint }
}
