// Fills databases with SQL recursion: a million sessions in a minute or two.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { SegueProfileDatabase } from '../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteSessionReader } from '../../src/storage/sqlite/sessions/sqlite-session-reader.ts'
import { HermesDb } from '../../tests/support/hermes/hermes-db.ts'

export interface SeedSize {
  readonly sessions: number
  readonly messagesPerSession: number
  /** Sessions of the one long chain. At most `sessions`. */
  readonly chainLength: number
  /** Sessions that all continue the same root. */
  readonly familySize: number
  /** All others: one chain of `length` sessions in each `every` sessions, and singles. Default: 3 in 6. */
  readonly shortChains?: { readonly length: number; readonly every: number }
  /** Whether every hundredth Segue session continues a Hermes session. Default: true. */
  readonly crossesOrigins?: boolean
}

const defaultShortChains = { length: 3, every: 6 }

const firstConversation = { after: null, before: null, backwards: false, limit: 1 }

export const firstStartSeconds = 1_700_000_000 // seconds

/** The id of the n-th Segue session. */
export const segueId = (index: number): string => `ses_01h455vb4pex5vsknk${String(index).padStart(8, '0')}`
const segueIdSql = (index: string): string => `printf('ses_01h455vb4pex5vsknk%08d', ${index})`

/** The id of the n-th Hermes session. */
export const hermesId = (index: number): string => `20260214_101500_${String(index).padStart(8, '0')}`
const hermesIdSql = (index: string): string => `printf('20260214_101500_%08d', ${index})`

/** SQL for the number of the parent of session `n`: a long chain, a wide family, then short chains and singles. */
function parentSql({ chainLength, familySize, shortChains = defaultShortChains }: SeedSize): string {
  return `CASE
    WHEN n = 0 THEN NULL
    WHEN n < ${chainLength} THEN n - 1
    WHEN n = ${chainLength} THEN NULL
    WHEN n <= ${chainLength + familySize} THEN ${chainLength}
    WHEN n % ${shortChains.every} BETWEEN 1 AND ${shortChains.length - 1} THEN n - 1
  END`
}

const isContinuedSql = ({ chainLength, shortChains: { length, every } = defaultShortChains }: SeedSize): string =>
  `n <= ${chainLength} OR n % 5 <> 4 OR n % ${every} < ${length - 1}`

const numbersCte = (count: number): string =>
  `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count - 1})`

/** Fills the database of a home. Sessions whose numbers end in 99 continue the Hermes session of the same number. */
export async function seedSegue(home: string, size: SeedSize): Promise<void> {
  const path = join(home, 'segue.db')
  const newDatabase = new SegueProfileDatabase(path)
  newDatabase.transaction(() => undefined)
  newDatabase.close()
  const db = new Database(path)
  db.pragma('synchronous = OFF')
  db.pragma('foreign_keys = OFF')
  const { sessions, messagesPerSession } = size
  const usage = '{"estimated":false,"inputTokens":0,"outputTokens":0,"reasoningTokens":0,"cachedInputTokens":0}'
  db.exec(`
    ${numbersCte(sessions)}
    INSERT INTO sessions (id, title, source, parent_session_id, started_at, ended_at, end_reason, last_activity_at,
      message_count, head_seq, usage, answered_at, answer_failed)
    SELECT ${segueIdSql('n')}, 'Chat number ' || n, CASE WHEN n % 7 = 3 THEN 'cron' ELSE 'segue' END,
      CASE WHEN ${size.crossesOrigins ?? true} AND n > ${size.chainLength + size.familySize} AND n % 100 = 99 THEN ${hermesIdSql('n')} ELSE ${segueIdSql(`(${parentSql(size)})`)} END,
      (${firstStartSeconds} + n) * 1000, NULL, CASE WHEN ${isContinuedSql(size)} THEN 'compression' END, (${firstStartSeconds} + n * 2) * 1000,
      ${messagesPerSession}, ${messagesPerSession}, '${usage}', (${firstStartSeconds} + n * 2) * 1000, n % 11 = 0
    FROM numbers;
    ${numbersCte(sessions)}
    INSERT INTO conversation_settings (session_id, title_version, pinned, pinned_version, archived, archived_version)
    SELECT ${segueIdSql('n')}, 0, n % 3 = 0, n % 3 = 0, n % 4 = 0, n % 4 = 0 FROM numbers WHERE n % 3 = 0 OR n % 4 = 0;
    -- The newer half was not read.
    UPDATE read_marks_start SET at = (${firstStartSeconds} + ${sessions}) * 1000;
    UPDATE sessions SET parent_session_id = NULL WHERE parent_session_id = ${segueIdSql('NULL')};
    INSERT INTO messages (id, session_id, position, role, status, parts, created_at)
    SELECT printf('msg_01h455vb4pex5vsk%010d', sessions.rowid * ${messagesPerSession} + each.value), sessions.id, each.value,
      CASE WHEN each.value % 2 THEN 'USER' ELSE 'ASSISTANT' END, 'COMPLETE', '[{"type":"text","text":"A message."}]',
      sessions.last_activity_at
    FROM sessions CROSS JOIN json_each('${JSON.stringify(Array.from({ length: messagesPerSession }, (_, i) => i + 1))}') AS each;
  `)
  db.close()
  const filledDatabase = new SegueProfileDatabase(path)
  // A list needs the conversation index, which is built now.
  await new SqliteSessionReader(filledDatabase).listConversations(firstConversation, {})
  filledDatabase.close()
}

/** Fills the state.db of a Hermes home. */
export function seedHermes(home: string, size: SeedSize): void {
  const hermes = new HermesDb(join(home, 'state.db'))
  hermes.db.pragma('synchronous = OFF')
  hermes.db.pragma('foreign_keys = OFF')
  const { sessions, messagesPerSession } = size
  hermes.db.exec(`
    ${numbersCte(sessions)}
    INSERT INTO sessions (id, title, source, parent_session_id, started_at, end_reason, message_count, pinned, archived)
    SELECT ${hermesIdSql('n')}, 'Hermes chat number ' || n,
      CASE n % 10 WHEN 3 THEN 'telegram' WHEN 4 THEN 'webui' WHEN 5 THEN 'cron' ELSE 'cli' END,
      CASE WHEN (${parentSql(size)}) IS NOT NULL THEN ${hermesIdSql(`(${parentSql(size)})`)} END,
      ${firstStartSeconds} + n, CASE WHEN ${isContinuedSql(size)} THEN 'compression' END, ${messagesPerSession}, n % 3 = 0, n % 4 = 0
    FROM numbers;
    INSERT INTO messages (session_id, role, content, timestamp)
    SELECT sessions.id, CASE WHEN each.value % 2 THEN 'user' ELSE 'assistant' END, 'A message.',
      sessions.started_at + each.value
    FROM sessions CROSS JOIN json_each('${JSON.stringify(Array.from({ length: messagesPerSession }, (_, i) => i + 1))}') AS each
    ORDER BY sessions.rowid;
  `)
  hermes.close()
}
