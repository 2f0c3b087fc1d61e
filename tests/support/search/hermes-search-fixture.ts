import { onTestFinished } from 'vitest'
import { subscribeToSqlStatements } from '../../../src/lib/sql-channel.ts'
import { StateDatabase } from '../../../src/hermes/state/state-database.ts'
import {
  type HermesSearchLimits,
  defaultHermesSearchLimits,
} from '../../../src/hermes/search/hermes-match-collector.ts'
import { HermesSearchSource } from '../../../src/hermes/search/hermes-search.ts'
import type { SearchPage, SearchRequest } from '../../../src/search/search-hit.ts'
import { SearchRunner } from '../../../src/search/search-runner.ts'
import type { HermesDb, HermesLayout } from '../hermes/hermes-db.ts'
import { newDb } from '../hermes/hermes-fixtures.ts'
import { hitId } from './search-fixture.ts'
import { RecordingLogger } from '../recording-logger.ts'

/** How many of the newest messages are scanned although there is an index. */
export const newestRows = 20

/** A state.db and the search in it, in the test's thread. */
export interface HermesSearchFixture {
  readonly hermes: HermesDb
  /** The SQL that ran on the file. */
  readonly statements: string[]
  find(query: string, request?: Partial<SearchRequest>): Promise<SearchPage>
  /** The ids of the hits: of messages, and of sessions whose title matches. */
  findIds(query: string, request?: Partial<SearchRequest>): Promise<string[]>
}

/** Closed when the test ends. */
export function newHermesSearchFixture(
  layout?: HermesLayout,
  limits: Partial<HermesSearchLimits> = {},
): HermesSearchFixture {
  const hermes = newDb(undefined, layout)
  const statements: string[] = []
  const subscription = subscribeToSqlStatements(({ path, sql }) => path === hermes.path && statements.push(sql))
  onTestFinished(() => subscription[Symbol.dispose]())
  const database = new StateDatabase({ path: hermes.path, lockTimeoutMs: 100, log: new RecordingLogger() })
  const source = new HermesSearchSource(database, 'default', {
    ...defaultHermesSearchLimits,
    maxRecentRows: newestRows,
    // The results must not depend on how busy the machine is.
    timeLimitMs: 10_000,
    ...limits,
  })
  const runner = new SearchRunner(new Map([['HERMES', source]]))
  onTestFinished(() => runner.close())
  const find = (query: string, request: Partial<SearchRequest> = {}): Promise<SearchPage> =>
    runner.find(
      { query, filter: {}, after: null, before: null, limit: 1_000, backwards: false, ...request },
      new AbortController().signal,
    )
  return {
    hermes,
    statements,
    find,
    findIds: async (query, request) => (await find(query, request)).hits.map(hitId),
  }
}

/**
 * The full-text indexes of Hermes' versions: `first` has one column of `messages`; `inline` stores copies of the texts; `gated`
 * has three columns, reads through views, and its triggers depend on the progress of a rebuild.
 */
export type FtsLayout = 'first' | 'inline' | 'gated'

const rowTextSql =
  "coalesce(new.content, '') || ' ' || coalesce(new.tool_name, '') || ' ' || coalesce(new.tool_calls, '')"

const meta = 'CREATE TABLE IF NOT EXISTS state_meta (key TEXT PRIMARY KEY, value TEXT);'

function gateCondition(row: 'new' | 'old'): string {
  const value = (key: string): string =>
    `coalesce((SELECT CAST(value AS INTEGER) FROM state_meta WHERE key = '${key}'), -1)`
  return `(${row}.id > ${value('fts_rebuild_high_water')} OR ${row}.id <= ${value('fts_rebuild_progress')})`
}

const schemaByLayout: Record<FtsLayout, string> = {
  first: `
    CREATE VIRTUAL TABLE messages_fts USING fts5(content, content='messages', content_rowid='id');
    CREATE TRIGGER messages_fts_insert AFTER INSERT ON messages BEGIN
      INSERT INTO messages_fts(rowid, content) VALUES (new.id, new.content);
    END;
    CREATE TRIGGER messages_fts_delete AFTER DELETE ON messages BEGIN
      INSERT INTO messages_fts(messages_fts, rowid, content) VALUES ('delete', old.id, old.content);
    END;
    CREATE TRIGGER messages_fts_update AFTER UPDATE ON messages BEGIN
      INSERT INTO messages_fts(messages_fts, rowid, content) VALUES ('delete', old.id, old.content);
      INSERT INTO messages_fts(rowid, content) VALUES (new.id, new.content);
    END;`,
  inline: ['messages_fts', 'messages_fts_trigram']
    .map(
      (table) => `
    CREATE VIRTUAL TABLE ${table} USING fts5(content${table === 'messages_fts' ? '' : ", tokenize='trigram'"});
    CREATE TRIGGER ${table}_insert AFTER INSERT ON messages BEGIN
      INSERT INTO ${table}(rowid, content) VALUES (new.id, ${rowTextSql});
    END;
    CREATE TRIGGER ${table}_delete AFTER DELETE ON messages BEGIN DELETE FROM ${table} WHERE rowid = old.id; END;
    CREATE TRIGGER ${table}_update AFTER UPDATE OF content, tool_name, tool_calls ON messages BEGIN
      DELETE FROM ${table} WHERE rowid = old.id;
      INSERT INTO ${table}(rowid, content) VALUES (new.id, ${rowTextSql});
    END;`,
    )
    .join(''),
  gated: `${meta}
    CREATE VIEW messages_fts_src AS SELECT id, role,
      CASE WHEN role = 'tool' THEN substr(coalesce(content, ''), 1, 8192) ELSE content END AS content,
      tool_name, tool_calls FROM messages;
    CREATE VIRTUAL TABLE messages_fts USING fts5(
      content, tool_name, tool_calls, content='messages_fts_src', content_rowid='id');
    CREATE TRIGGER messages_fts_insert AFTER INSERT ON messages WHEN ${gateCondition('new')} BEGIN
      INSERT INTO messages_fts(rowid, content, tool_name, tool_calls)
        SELECT id, content, tool_name, tool_calls FROM messages_fts_src WHERE id = new.id;
    END;
    CREATE TRIGGER messages_fts_delete AFTER DELETE ON messages WHEN ${gateCondition('old')} BEGIN
      INSERT INTO messages_fts(messages_fts, rowid, content, tool_name, tool_calls)
        VALUES ('delete', old.id, old.content, old.tool_name, old.tool_calls);
    END;
    CREATE TRIGGER messages_fts_update AFTER UPDATE OF content, tool_name, tool_calls, role ON messages
    WHEN ${gateCondition('old')} BEGIN
      INSERT INTO messages_fts(messages_fts, rowid, content, tool_name, tool_calls)
        VALUES ('delete', old.id, old.content, old.tool_name, old.tool_calls);
      INSERT INTO messages_fts(rowid, content, tool_name, tool_calls)
        VALUES (new.id, new.content, new.tool_name, new.tool_calls);
    END;
    CREATE VIEW messages_fts_trigram_src AS SELECT messages.id, messages.content, messages.tool_name FROM messages
      JOIN sessions ON sessions.id = session_id WHERE role <> 'tool' AND source NOT IN ('cron', 'subagent');
    CREATE VIRTUAL TABLE messages_fts_trigram USING fts5(
      content, tool_name, content='messages_fts_trigram_src', content_rowid='id', tokenize='trigram');
    CREATE TRIGGER messages_fts_trigram_insert AFTER INSERT ON messages WHEN ${gateCondition('new')} BEGIN
      INSERT INTO messages_fts_trigram(rowid, content, tool_name)
        SELECT id, content, tool_name FROM messages_fts_trigram_src WHERE id = new.id;
    END;
    CREATE TRIGGER messages_fts_trigram_delete AFTER DELETE ON messages WHEN ${gateCondition('old')} AND old.role <> 'tool' BEGIN
      INSERT INTO messages_fts_trigram(messages_fts_trigram, rowid, content, tool_name)
        VALUES ('delete', old.id, old.content, old.tool_name);
    END;
    CREATE TRIGGER messages_fts_trigram_update AFTER UPDATE OF content, tool_name, role ON messages
    WHEN ${gateCondition('old')} AND new.role <> 'tool' BEGIN
      INSERT INTO messages_fts_trigram(messages_fts_trigram, rowid, content, tool_name)
        VALUES ('delete', old.id, old.content, old.tool_name);
      INSERT INTO messages_fts_trigram(rowid, content, tool_name) VALUES (new.id, new.content, new.tool_name);
    END;`,
}

/** Adds full-text indexes and their triggers to a state.db. Call it before messages are added. */
export function addFtsIndexes({ db }: HermesDb, layout: FtsLayout): void {
  db.exec(schemaByLayout[layout])
}

export function setMeta({ db }: HermesDb, key: string, value: string): void {
  db.exec(meta)
  db.prepare('INSERT OR REPLACE INTO state_meta (key, value) VALUES (?, ?)').run(key, value)
}
