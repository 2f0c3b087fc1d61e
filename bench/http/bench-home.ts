// Homes with many sessions for benchmarks. They are made once, and kept in the cache folder of the user.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { seedSegue } from '../support/seed-sessions.ts'

/** Change it when the homes or the schema of the database change. */
const version = 2

const cacheFolder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'segue-bench')

export interface BenchHome {
  readonly home: string
  /** The same rows in two tables of their own: what the peers and the limit read. */
  readonly flatDatabase: string
}

/** A home with this many sessions, in chains of 4, with one message each. Makes it if it is not in the cache. */
export async function openBenchHome(sessions: number): Promise<BenchHome> {
  const folder = join(cacheFolder, `${sessions}-sessions-v${version}`)
  if (!existsSync(folder)) {
    process.stderr.write(`Making a home with ${sessions.toLocaleString('en')} sessions. This happens once.\n`)
    const unfinished = `${folder}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished, { recursive: true, mode: 0o700 })
    await seedSegue(unfinished, {
      sessions,
      messagesPerSession: 1,
      ...{ chainLength: 0, familySize: 0, shortChains: { length: 4, every: 4 }, crossesOrigins: false },
    })
    discardSearchQueue(unfinished)
    createFlatDatabase(unfinished)
    renameSync(unfinished, folder)
  }
  return { home: folder, flatDatabase: join(folder, 'flat.db') }
}

/** Nobody searches in it. The server would index it for minutes, which is not what is measured. */
function discardSearchQueue(home: string): void {
  const db = new Database(join(home, 'segue.db'))
  db.exec('DELETE FROM search_queue')
  db.close()
}

/** Copies what the queries ask for. The flags of a conversation are bits of a number in Segue's index. */
function createFlatDatabase(home: string): void {
  const db = new Database(join(home, 'flat.db'))
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = OFF')
  db.prepare('ATTACH ? AS segue').run(join(home, 'segue.db'))
  db.exec(`
    CREATE TABLE sessions (id TEXT PRIMARY KEY, title TEXT, source TEXT, model TEXT, started_at INTEGER, last_activity_at INTEGER,
      message_count INTEGER, pinned INTEGER, archived INTEGER, parent_id TEXT);
    INSERT INTO sessions SELECT each.id, each.title, each.source, each.model, each.started_at, each.last_activity_at,
      each.message_count, (place.flags & 16) > 0, (place.flags & 8) > 0, each.parent_session_id
    FROM segue.sessions AS each JOIN segue.conversation_sessions AS place USING (id);
    CREATE INDEX sessions_by_activity ON sessions (last_activity_at, id);
    CREATE TABLE conversations (id TEXT PRIMARY KEY, title TEXT, last_activity_at INTEGER, segment_count INTEGER, pinned INTEGER,
      archived INTEGER, tip_id TEXT, tip_title TEXT, tip_source TEXT, tip_message_count INTEGER, tip_last_activity_at INTEGER);
    INSERT INTO conversations SELECT root.id, root.title, listed.last_activity_at, listed.segment_count, (listed.flags & 16) > 0,
      (listed.flags & 8) > 0, tip.id, tip.title, tip.source, tip.message_count, tip.last_activity_at
    FROM segue.conversations AS listed JOIN segue.sessions AS root ON root.id = listed.root_id
    JOIN segue.sessions AS tip ON tip.id = listed.tip_id WHERE tip.source = 'segue' OR root.source = 'segue';
    CREATE INDEX conversations_by_activity ON conversations (last_activity_at, id);
  `)
  db.close()
}
