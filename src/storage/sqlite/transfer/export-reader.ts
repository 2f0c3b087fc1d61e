import type {
  ChatEvent,
  DecisionRecord,
  MessageRecord,
  SessionRecord,
  StreamRecord,
  ToolGrant,
} from '../../../model/records.ts'
import type { RequestKey } from '../../event-store.ts'
import type { Prepares } from '../database/statement-cache.ts'
import {
  type DecisionRow,
  type EventRow,
  type MessageRow,
  type SessionRow,
  type StreamRow,
  toDecision,
  toEvent,
  toMessage,
  toSession,
  toStream,
} from '../rows/row-mappers.ts'

interface KeyRow {
  readonly key: string | null
  readonly fingerprint: string | null
}

/** A record with what the client calls the request that made it. */
export type Keyed<T> = T & { readonly key: RequestKey | null }

/** All that is kept of some sessions, as the tables hold it, row by row: for whoever copies it whole. */
export class ConversationRows {
  readonly #db: Prepares
  readonly #profile: string

  constructor(db: Prepares, profile: string) {
    this.#db = db
    this.#profile = profile
  }

  session(id: string): Keyed<SessionRecord> | null {
    const row = this.#db.prepare<[string], SessionRow & KeyRow>('SELECT * FROM sessions WHERE id = ?').get(id)
    return row ? { ...toSession(row, this.#profile), key: keyOf(row) } : null
  }

  /** Ids of those that name this one as their parent. */
  children(id: string): string[] {
    return this.#db
      .prepare<[string], { id: string }>('SELECT id FROM sessions WHERE parent_session_id = ? ORDER BY id')
      .all(id)
      .map((row) => row.id)
  }

  /** The hashes of the kept files to which a session refers. */
  files(sessionId: string): string[] {
    return this.#db
      .prepare<[string], { hash: string }>('SELECT hash FROM files WHERE session_id = ? ORDER BY hash')
      .all(sessionId)
      .map(({ hash }) => hash)
  }

  /** In the order in which they began to be kept. */
  *streams(sessionIds: readonly string[]): Generator<Keyed<StreamRecord>> {
    const read = this.#db.prepare<[number], StreamRow & KeyRow>('SELECT * FROM streams WHERE rowid = ?')
    for (const number of this.#numbers('streams', sessionIds)) {
      const row = read.get(number)
      if (row) yield { ...toStream(row), key: keyOf(row) }
    }
  }

  /** In the order in which they began to be kept. */
  *messages(sessionIds: readonly string[]): Generator<MessageRecord> {
    const read = this.#db.prepare<[number], MessageRow>('SELECT * FROM messages WHERE rowid = ?')
    for (const number of this.#numbers('messages', sessionIds)) {
      const row = read.get(number)
      if (row) yield toMessage(row)
    }
  }

  /** Session by session, in order of seq. */
  *events(sessionIds: readonly string[]): Generator<ChatEvent> {
    const read = this.#db.prepare<[string], EventRow>('SELECT * FROM events WHERE session_id = ? ORDER BY seq')
    for (const id of sessionIds) for (const row of read.iterate(id)) yield toEvent(row)
  }

  /** In the order in which they last changed. */
  *decisions(sessionIds: readonly string[]): Generator<DecisionRecord> {
    const rows = this.#db
      .prepare<[string], DecisionRow>(`SELECT * FROM decisions WHERE ${among} ORDER BY change`)
      .iterate(JSON.stringify(sessionIds))
    for (const row of rows) yield toDecision(row)
  }

  /** Of these sessions alone: what is granted in a whole profile belongs to none. */
  grants(sessionIds: readonly string[]): (ToolGrant & { readonly sessionId: string })[] {
    return this.#db
      .prepare<[string], { sessionId: string; tool: string }>(
        `SELECT session_id AS sessionId, tool FROM grants WHERE ${among} ORDER BY session_id, tool`,
      )
      .all(JSON.stringify(sessionIds))
  }

  /** First their numbers alone: the rows may be too many, and too long, to be put in order. */
  #numbers(table: 'streams' | 'messages', sessionIds: readonly string[]): number[] {
    return this.#db
      .prepare<[string], { number: number }>(`SELECT rowid AS number FROM ${table} WHERE ${among} ORDER BY rowid`)
      .all(JSON.stringify(sessionIds))
      .map(({ number }) => number)
  }
}

const among = 'session_id IN (SELECT value FROM json_each(?))'

function keyOf({ key, fingerprint }: KeyRow): RequestKey | null {
  return key === null || fingerprint === null ? null : { key, fingerprint }
}
