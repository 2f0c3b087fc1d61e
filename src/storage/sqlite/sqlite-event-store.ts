import {
  type EventStore,
  type EventRange,
  VersionConflictError,
  type AppendRequest,
  type CreateSessionRequest,
  type SessionRecordPatch,
  FencingError,
} from '../event-store.ts'
import type { ChatEvent } from '../../model/chat-event.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { type Usage, addUsage } from '../../model/usage.ts'
import { IdNamespace } from '../../profiles/id-namespace.ts'
import { chunkArray } from '../../lib/chunk-array.ts'
import { notFound } from '../../lib/errors.ts'
import type { SqliteDatabase } from './database/sqlite-database.ts'
import {
  type EventRow,
  eventToRow,
  sessionToRow,
  type SessionRow,
  type StreamRow,
  eventFromRow,
  sessionFromRow,
  streamFromRow,
} from './rows/row-mappers.ts'
import { insertEvent, insertSession, setStreamIdempotencyKey, upsertMessage, upsertStream } from './rows/row-writers.ts'
import { copyGrants, upsertDecision, insertGrant } from './sqlite-decision-store.ts'

/** A page of events ends with the one that brings it over this size, in UTF-16 code units of their stored form. */
const maxPageUnits = 262_144

const maxIdsPerStatement = 500

/** The logs and what is projected from them, in a profile's database. */
export class SqliteEventStore implements EventStore {
  readonly #database: SqliteDatabase
  readonly #profile: string

  constructor(database: SqliteDatabase, profile: string) {
    this.#database = database
    this.#profile = profile
  }

  async createSession(request: CreateSessionRequest): Promise<void> {
    this.#database.transaction(() => this.#insertSession(request))
  }

  async append(request: AppendRequest): Promise<void> {
    this.#database.transaction(() => {
      // First of all: what goes on elsewhere is there before this session ends.
      if (request.continuation) this.#insertSession(request.continuation)
      if (request.newSession) insertSession(this.#database, request.newSession)
      this.#advanceHead(request)
      if (request.fence) this.#assertFence(request.fence)
      for (const event of request.events) insertEvent(this.#database, event)
      for (const stream of request.streams ?? []) upsertStream(this.#database, stream)
      for (const message of request.messages ?? []) upsertMessage(this.#database, message)
      for (const decision of request.decisions ?? []) upsertDecision(this.#database, decision)
      for (const grant of request.grants ?? []) insertGrant(this.#database, grant)
      if (request.idempotencyKey) setStreamIdempotencyKey(this.#database, request.idempotencyKey)
      if (request.additionalUsage) this.#addUsage(request.sessionId, request.additionalUsage)
      if (request.sessionPatch) this.#patchSession(request.sessionId, request.sessionPatch)
    })
  }

  async deleteSession(id: string): Promise<string[]> {
    return this.#database.transaction(() => {
      const hashes = this.#database
        .prepare<[string], { hash: string }>('SELECT hash FROM blob_references WHERE session_id = ?')
        .all(id)
        .map(({ hash }) => hash)
      // Everything else refers to it, and goes with it.
      this.#database.prepare<[string]>('DELETE FROM sessions WHERE id = ?').run(id)
      return this.#findUnreferencedBlobs(hashes)
    })
  }

  async loadHeadSeq(sessionId: string): Promise<number | null> {
    const row = this.#database
      .prepare<[string], { head_seq: number }>('SELECT head_seq FROM sessions WHERE id = ?')
      .get(sessionId)
    return row?.head_seq ?? null
  }

  async readEvents({ sessionId, after, limit }: EventRange): Promise<ChatEvent[]> {
    const rows = this.#database
      .prepare<[string, number, number], EventRow>(
        'SELECT * FROM events WHERE session_id = ? AND seq > ? ORDER BY seq LIMIT ?',
      )
      .iterate(sessionId, after, limit)
    const events: ChatEvent[] = []
    let units = 0
    for (const row of rows) {
      events.push(eventFromRow(row))
      units += row.body.length
      if (units >= maxPageUnits) break
    }
    return events
  }

  async findStream(id: string): Promise<StreamRecord | null> {
    const row = this.#database.prepare<[string], StreamRow>('SELECT * FROM streams WHERE id = ?').get(id)
    return row ? streamFromRow(row) : null
  }

  async findStreams(ids: readonly string[]): Promise<StreamRecord[]> {
    const read = this.#database.prepare<[string], StreamRow>(
      'SELECT * FROM streams WHERE id IN (SELECT value FROM json_each(?))',
    )
    return chunkArray([...new Set(ids)], maxIdsPerStatement)
      .flatMap((batch) => read.all(JSON.stringify(batch)))
      .map(streamFromRow)
  }

  async findStreamByIdempotencyKey(key: string): Promise<{ stream: StreamRecord; fingerprint: string } | null> {
    const row = this.#database
      .prepare<[string], StreamRow & { fingerprint: string }>('SELECT * FROM streams WHERE key = ?')
      .get(key)
    return row ? { stream: streamFromRow(row), fingerprint: row.fingerprint } : null
  }

  async findSessionByIdempotencyKey(key: string): Promise<{ session: SessionRecord; fingerprint: string } | null> {
    const row = this.#database
      .prepare<[string], SessionRow & { fingerprint: string }>('SELECT * FROM sessions WHERE key = ?')
      .get(key)
    return row ? { session: sessionFromRow(row, this.#profile), fingerprint: row.fingerprint } : null
  }

  async findContinuation(sessionId: string): Promise<SessionRecord | null> {
    const parentId = IdNamespace.forProfile(this.#profile).unqualify(sessionId)
    if (parentId === null) return null
    const row = this.#database
      .prepare<[string], SessionRow>(
        'SELECT * FROM sessions WHERE parent_session_id = ? ORDER BY last_activity_at DESC, id DESC LIMIT 1',
      )
      .get(parentId)
    return row ? sessionFromRow(row, this.#profile) : null
  }

  async findUnreferencedBlobs(hashes: readonly string[]): Promise<string[]> {
    return this.#findUnreferencedBlobs(hashes)
  }

  #findUnreferencedBlobs(hashes: readonly string[]): string[] {
    return this.#database
      .prepare<[string], { hash: string }>(
        'SELECT value AS hash FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM blob_references WHERE hash = value)',
      )
      .all(JSON.stringify(hashes))
      .map(({ hash }) => hash)
  }

  async findActiveStream(sessionId: string): Promise<StreamRecord | null> {
    const row = this.#database
      .prepare<[string], StreamRow>("SELECT * FROM streams WHERE session_id = ? AND status IN ('RUNNING', 'WAITING')")
      .get(sessionId)
    return row ? streamFromRow(row) : null
  }

  async listUnfinishedStreams(): Promise<StreamRecord[]> {
    return this.#database
      .prepare<[], StreamRow>(
        // Named, for SQLite would rather walk through the whole table in order of the sessions.
        `SELECT * FROM streams INDEXED BY unfinished_streams WHERE finished_at IS NULL
         ORDER BY session_id, first_seq`,
      )
      .all()
      .map(streamFromRow)
  }

  async replaceEvent(event: ChatEvent): Promise<void> {
    this.#database.transaction(() => {
      this.#database
        .prepare<[EventRow]>(
          'UPDATE events SET at = :at, version = :version, body = :body WHERE session_id = :session_id AND seq = :seq',
        )
        .run(eventToRow(event))
    })
  }

  async deleteEvents(sessionId: string, seqs: readonly number[]): Promise<void> {
    this.#database.transaction(() => {
      this.#database
        .prepare<[string, string]>(
          'DELETE FROM events WHERE session_id = ? AND seq IN (SELECT value FROM json_each(?))',
        )
        .run(sessionId, JSON.stringify(seqs))
    })
  }

  #insertSession({ session, messages, idempotencyKey, copyGrantsFrom }: CreateSessionRequest): void {
    insertSession(this.#database, session)
    for (const message of messages) upsertMessage(this.#database, message)
    this.#database
      .prepare<[number, string | null, string | null, string]>(
        'UPDATE sessions SET message_count = ?, key = ?, fingerprint = ? WHERE id = ?',
      )
      .run(messages.length, idempotencyKey?.key ?? null, idempotencyKey?.fingerprint ?? null, session.id)
    if (copyGrantsFrom !== undefined) copyGrants(this.#database, copyGrantsFrom, session.id)
  }

  /** Moves the session's counters on, if its log ends where the writer says. */
  #advanceHead({
    sessionId,
    expectedHeadSeq,
    events,
    messages = [],
    streams = [],
    activityAt = 0,
  }: AppendRequest): void {
    const newlyPositioned = messages.filter((message) => message.position !== null && !this.#hasPosition(message.id))
    const { changes } = this.#database
      .prepare<[number, number, number, string, number]>(
        `UPDATE sessions SET head_seq = ?, message_count = message_count + ?,
           last_activity_at = max(last_activity_at, ?) WHERE id = ? AND head_seq = ?`,
      )
      .run(expectedHeadSeq + events.length, newlyPositioned.length, activityAt, sessionId, expectedHeadSeq)
    if (changes !== 1 && !this.#hasSession(sessionId)) throw notFound('session', sessionId)
    if (changes !== 1) throw new VersionConflictError(`the log of ${sessionId} does not end at ${expectedHeadSeq}`)
    for (const stream of streams) if (stream.finishedAt !== null) this.#addUsage(sessionId, stream.usage)
  }

  #hasSession(sessionId: string): boolean {
    return this.#database.prepare<[string]>('SELECT 1 FROM sessions WHERE id = ?').get(sessionId) !== undefined
  }

  #addUsage(sessionId: string, additional: Usage): void {
    const row = this.#database
      .prepare<[string], { usage: string }>('SELECT usage FROM sessions WHERE id = ?')
      .get(sessionId)
    if (!row) return
    const usage = JSON.stringify(addUsage(JSON.parse(row.usage), additional))
    this.#database.prepare<[string, string]>('UPDATE sessions SET usage = ? WHERE id = ?').run(usage, sessionId)
  }

  #patchSession(sessionId: string, patch: SessionRecordPatch): void {
    const row = this.#database.prepare<[string], SessionRow>('SELECT * FROM sessions WHERE id = ?').get(sessionId)
    if (!row) return
    const current = sessionFromRow(row, this.#profile)
    // A title gives way to a better one only, a person's to what a person chooses.
    const isChosen = patch.titleSource === 'PERSON' || patch.titleSource === null
    const isBetter = isChosen || rankTitleSource(patch.titleSource) > rankTitleSource(current.titleSource)
    const { title, titleSource } = patch.title === undefined || isBetter ? { ...current, ...patch } : current
    this.#database
      .prepare<[SessionRow]>(
        `UPDATE sessions SET title = :title, title_source = :title_source, ended_at = :ended_at,
           end_reason = :end_reason, pinned = :pinned, archived = :archived, model = :model WHERE id = :id`,
      )
      .run(sessionToRow({ ...current, ...patch, title, titleSource }))
  }

  #assertFence({ streamId, generation }: { streamId: string; generation: number }): void {
    const row = this.#database
      .prepare<[string, number], { id: string }>(
        'SELECT id FROM streams WHERE id = ? AND generation = ? AND finished_at IS NULL',
      )
      .get(streamId, generation)
    if (!row) throw new FencingError(`stream ${streamId} is no longer at generation ${generation}`)
  }

  #hasPosition(messageId: string): boolean {
    const row = this.#database
      .prepare<[string], { position: number | null }>('SELECT position FROM messages WHERE id = ?')
      .get(messageId)
    return typeof row?.position === 'number'
  }
}

const titleRanks: readonly SessionRecord['titleSource'][] = [null, 'MESSAGE', 'MODEL', 'PERSON']

function rankTitleSource(source: SessionRecord['titleSource'] = null): number {
  return titleRanks.indexOf(source)
}
