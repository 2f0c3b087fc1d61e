import Database from 'better-sqlite3'
import { StatementCache } from '../../../src/storage/sqlite/database/statement-cache.ts'

/**
 * The layouts of a state.db: `newest` has the columns and indexes of schema version 30, `compacting` those before messages had
 * a display order, `v22` those of hermes-agent 0.19, `v7` and `v2` those of early versions.
 */
export type HermesLayout = 'newest' | 'compacting' | 'v22' | 'v7' | 'v2'

export type HermesRow = Record<string, string | number | bigint | Buffer | null>

const sessions = {
  v2: `id TEXT PRIMARY KEY, source TEXT NOT NULL, user_id TEXT, model TEXT, model_config TEXT, system_prompt TEXT,
    parent_session_id TEXT REFERENCES sessions(id), started_at REAL NOT NULL, ended_at REAL, end_reason TEXT,
    message_count INTEGER DEFAULT 0, tool_call_count INTEGER DEFAULT 0, input_tokens INTEGER DEFAULT 0,
    output_tokens INTEGER DEFAULT 0`,
  v7: `, title TEXT, cache_read_tokens INTEGER DEFAULT 0, cache_write_tokens INTEGER DEFAULT 0,
    reasoning_tokens INTEGER DEFAULT 0, billing_provider TEXT, estimated_cost_usd REAL`,
  v22: `, session_key TEXT, chat_id TEXT, chat_type TEXT, thread_id TEXT, display_name TEXT, origin_json TEXT,
    expiry_finalized INTEGER DEFAULT 0, cwd TEXT, git_branch TEXT, git_repo_root TEXT, api_call_count INTEGER DEFAULT 0,
    handoff_state TEXT, handoff_platform TEXT, handoff_error TEXT, profile_name TEXT,
    rewind_count INTEGER NOT NULL DEFAULT 0, archived INTEGER NOT NULL DEFAULT 0`,
  v30: `, session_key TEXT, cwd TEXT, title_source TEXT, last_activity_at REAL, profile_name TEXT,
    archived INTEGER NOT NULL DEFAULT 0, pinned INTEGER NOT NULL DEFAULT 0, hidden INTEGER NOT NULL DEFAULT 0`,
}

const messages = {
  v2: `id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL REFERENCES sessions(id), role TEXT NOT NULL,
    content TEXT, tool_call_id TEXT, tool_calls TEXT, tool_name TEXT, timestamp REAL NOT NULL, token_count INTEGER,
    finish_reason TEXT`,
  v7: ', reasoning TEXT, reasoning_content TEXT, reasoning_details TEXT, codex_reasoning_items TEXT',
  v22: `, codex_message_items TEXT, effect_disposition TEXT, platform_message_id TEXT, observed INTEGER DEFAULT 0,
    active INTEGER NOT NULL DEFAULT 1, compacted INTEGER NOT NULL DEFAULT 0, api_content TEXT`,
  compacting: `, codex_message_items TEXT, platform_message_id TEXT, observed INTEGER DEFAULT 0,
    _compressed_summary INTEGER NOT NULL DEFAULT 0, active INTEGER DEFAULT 1, compacted INTEGER NOT NULL DEFAULT 0,
    api_content TEXT, display_kind TEXT, display_metadata TEXT`,
  newest: ', display_identity BLOB, display_order INTEGER',
}

const early = `
  CREATE INDEX idx_sessions_source ON sessions(source);
  CREATE INDEX idx_sessions_parent ON sessions(parent_session_id);
  CREATE INDEX idx_sessions_started ON sessions(started_at DESC);
  CREATE INDEX idx_messages_session ON messages(session_id, timestamp);`

const v22Indexes = `
  CREATE INDEX idx_sessions_source_id ON sessions(source, id);
  CREATE INDEX idx_messages_session_active ON messages(session_id, active, timestamp);
  CREATE INDEX idx_messages_active_null ON messages(active) WHERE active IS NULL;
  CREATE INDEX idx_sessions_session_key ON sessions(session_key, started_at DESC);
  CREATE INDEX idx_sessions_handoff_state ON sessions(handoff_state, started_at);
  CREATE UNIQUE INDEX idx_sessions_title_unique ON sessions(title) WHERE title IS NOT NULL;`

const later = `
  CREATE INDEX idx_sessions_source_id ON sessions(source, id);
  CREATE INDEX idx_messages_session_id ON messages(session_id, id);
  CREATE INDEX idx_messages_assistant_calls_by_session ON messages(session_id)
    WHERE role = 'assistant' AND tool_calls IS NOT NULL;
  CREATE INDEX idx_messages_session_active ON messages(session_id, active, timestamp);
  CREATE INDEX idx_messages_active_null ON messages(active) WHERE active IS NULL;
  CREATE INDEX idx_sessions_effective_activity ON sessions(COALESCE(last_activity_at, started_at) DESC, started_at DESC);
  CREATE UNIQUE INDEX idx_sessions_title_unique ON sessions(title) WHERE title IS NOT NULL;`

const display = `
  CREATE INDEX idx_messages_display_page ON messages(session_id, display_order, active DESC, id DESC)
    WHERE active=1 OR compacted=1;
  CREATE INDEX idx_messages_display_backfill ON messages(session_id)
    WHERE (display_order IS NULL OR display_identity IS NULL) AND (active=1 OR compacted=1);`

const schemas: Record<HermesLayout, string> = {
  v2: buildSchema(sessions.v2, messages.v2) + early,
  v7: buildSchema(sessions.v2 + sessions.v7, messages.v2 + messages.v7) + early,
  v22:
    buildSchema(sessions.v2 + sessions.v7 + sessions.v22, messages.v2 + messages.v7 + messages.v22) +
    early +
    v22Indexes,
  compacting:
    buildSchema(sessions.v2 + sessions.v7 + sessions.v30, messages.v2 + messages.v7 + messages.compacting) +
    early +
    later,
  newest:
    buildSchema(
      sessions.v2 + sessions.v7 + sessions.v30,
      messages.v2 + messages.v7 + messages.compacting + messages.newest,
    ) +
    early +
    later +
    display,
}

function buildSchema(sessionColumns: string, messageColumns: string): string {
  return `
    CREATE TABLE schema_version (version INTEGER NOT NULL);
    CREATE TABLE sessions (${sessionColumns});
    CREATE TABLE messages (${messageColumns});`
}

/** A state.db as Hermes writes it. Times are in seconds. Columns that are not given have their default. */
export class HermesDb {
  readonly path: string
  readonly db: Database.Database
  readonly #statements: StatementCache

  constructor(path: string, layout: HermesLayout = 'newest', journal: 'wal' | 'delete' = 'wal') {
    this.path = path
    this.db = new Database(path, { timeout: 0 })
    this.db.pragma(`journal_mode = ${journal}`)
    this.db.exec(schemas[layout])
    this.#statements = new StatementCache(this.db)
  }

  /** Adds a session. By default, it is from the command line and started in second 1. */
  addSession(id: string, row: HermesRow = {}): string {
    this.#insert('sessions', { id, source: 'cli', started_at: 1, ...row })
    return id
  }

  /** Adds a message, of the user by default, and returns its rowid. */
  addMessage(sessionId: string, timestamp: HermesRow[string], row: HermesRow = {}): number {
    return this.#insert('messages', { session_id: sessionId, timestamp, role: 'user', ...row })
  }

  /** Adds a message of the assistant with tool calls, each with the arguments `{}`. */
  addToolCalls(sessionId: string, timestamp: number, ids: readonly string[], row: HermesRow = {}): number {
    const calls = ids.map((id) => ({ id, type: 'function', function: { name: 'look', arguments: '{}' } }))
    return this.addMessage(sessionId, timestamp, { role: 'assistant', tool_calls: JSON.stringify(calls), ...row })
  }

  addToolResult(sessionId: string, timestamp: number, callId: string, content: string, row: HermesRow = {}): number {
    return this.addMessage(sessionId, timestamp, {
      role: 'tool',
      tool_call_id: callId,
      tool_name: 'look',
      content,
      ...row,
    })
  }

  /**
   * Copies the active messages of a session to another one, as Hermes does when it forks, branches or rewrites a session: by
   * default with their times.
   */
  copyMessages(fromId: string, toId: string, changed: HermesRow = {}): void {
    const columns = [...this.columnNames('messages')].filter(
      (name) => !['id', 'session_id', ...Object.keys(changed)].includes(name),
    )
    const rows = this.db
      .prepare<[string], HermesRow>(
        `SELECT ${columns.join(', ')} FROM messages WHERE session_id = ? AND active = 1 ORDER BY id`,
      )
      .all(fromId)
    for (const row of rows) this.#insert('messages', { ...row, ...changed, session_id: toId })
    this.countMessages(toId)
  }

  /** Archives the active messages of a session, as a compaction does before it adds the messages that replace them. */
  archiveMessages(sessionId: string): void {
    this.db.prepare('UPDATE messages SET active = 0, compacted = 1 WHERE session_id = ? AND active = 1').run(sessionId)
  }

  /** Takes back the active messages of a session from one on. */
  undoMessages(sessionId: string, fromId: number): void {
    this.db
      .prepare('UPDATE messages SET active = 0 WHERE session_id = ? AND active = 1 AND id >= ?')
      .run(sessionId, fromId)
    if (this.columnNames('sessions').has('rewind_count')) {
      this.db.prepare('UPDATE sessions SET rewind_count = rewind_count + 1 WHERE id = ?').run(sessionId)
    }
  }

  /** Replaces all messages of a session by copies of its first `count` active ones, with new ids. */
  rewriteMessages(sessionId: string, count: number, changed: HermesRow = {}): void {
    const columns = [...this.columnNames('messages')].filter((name) => name !== 'id')
    const rows = this.db
      .prepare<[string, number], HermesRow>(
        `SELECT ${columns.join(', ')} FROM messages WHERE session_id = ? AND active = 1 ORDER BY id LIMIT ?`,
      )
      .all(sessionId, count)
    this.db.prepare('DELETE FROM messages WHERE session_id = ?').run(sessionId)
    for (const row of rows) this.#insert('messages', { ...row, ...changed })
    this.countMessages(sessionId)
  }

  /** Sets the counters of a session to its active messages, as Hermes does when it rewrites or compacts a session. */
  countMessages(sessionId: string): void {
    this.db
      .prepare<[string, string]>(
        `UPDATE sessions SET message_count =
           (SELECT count(*) FROM messages WHERE messages.session_id = ? AND messages.active = 1) WHERE id = ?`,
      )
      .run(sessionId, sessionId)
  }

  /** Removes a session with its messages, as pruning does. */
  removeSession(id: string): void {
    this.db.prepare<[string]>('DELETE FROM messages WHERE session_id = ?').run(id)
    this.db.prepare<[string]>('DELETE FROM sessions WHERE id = ?').run(id)
  }

  /** The names of a table's columns. */
  columnNames(table: 'sessions' | 'messages'): ReadonlySet<string> {
    const rows = this.db.prepare<[], { name: string }>(`PRAGMA table_info(${table})`).all()
    return new Set(rows.map(({ name }) => name))
  }

  /** Runs `work` in one transaction. */
  transaction(work: () => void): void {
    this.db.transaction(work).immediate()
  }

  close(): void {
    this.db.close()
  }

  #insert(table: string, row: HermesRow): number {
    const names = Object.keys(row)
    const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
    return Number(this.#statements.prepare<unknown[]>(sql).run(...Object.values(row)).lastInsertRowid)
  }
}
