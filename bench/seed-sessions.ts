// Databases as they are after years: written by SQL's own recursion, a million sessions in a minute or two.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { ProfileDatabase } from '../src/storage/sqlite/database/sqlite-database.ts'
import { HermesDb } from '../tests/support/hermes/hermes-db.ts'

export interface Amount {
  readonly sessions: number
  readonly messagesEach: number
  /** Segments of the one long chain; no more than there are sessions. */
  readonly chain: number
  /** Sessions that all continue one root. */
  readonly family: number
}

export const begun = 1_700_000_000 // seconds

/** The id of a session kept here, by its number. */
export const ownId = (index: number): string => `ses_01h455vb4pex5vsknk${String(index).padStart(8, '0')}`
const ownIdOf = (index: string): string => `printf('ses_01h455vb4pex5vsknk%08d', ${index})`

export const hermesId = (index: number): string => `20260214_101500_${String(index).padStart(8, '0')}`
const hermesIdOf = (index: string): string => `printf('20260214_101500_%08d', ${index})`

/** The number of a session's parent, as SQL: a long chain, a wide family, then chains of three with singles between. */
function parentOf({ chain, family }: Amount): string {
  return `CASE
    WHEN n = 0 THEN NULL
    WHEN n < ${chain} THEN n - 1
    WHEN n = ${chain} THEN NULL
    WHEN n <= ${chain + family} THEN ${chain}
    WHEN n % 6 IN (1, 2) THEN n - 1
  END`
}

const isContinued = ({ chain }: Amount): string => `n <= ${chain} OR n % 5 <> 4 OR n % 6 IN (0, 1)`

const numbers = (count: number): string =>
  `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count - 1})`

/** Fills the database of a home, whose sessions with a number that ends in 99 continue the same ones of Hermes'. */
export function fillOwn(home: string, amount: Amount): void {
  const path = join(home, 'segue.db')
  const fresh = new ProfileDatabase(path)
  fresh.write(() => undefined)
  fresh.close()
  const db = new Database(path)
  db.pragma('synchronous = OFF')
  db.pragma('foreign_keys = OFF')
  const { sessions, messagesEach } = amount
  const usage = '{"estimated":false,"inputTokens":0,"outputTokens":0,"reasoningTokens":0,"cachedInputTokens":0}'
  db.exec(`
    ${numbers(sessions)}
    INSERT INTO sessions (id, title, source, parent_session_id, started_at, ended_at, end_reason, last_activity_at,
      message_count, pinned, archived, head_seq, usage)
    SELECT ${ownIdOf('n')}, 'Chat number ' || n, CASE WHEN n % 7 = 3 THEN 'cron' ELSE 'segue' END,
      CASE WHEN n > ${amount.chain + amount.family} AND n % 100 = 99 THEN ${hermesIdOf('n')} ELSE ${ownIdOf(`(${parentOf(amount)})`)} END,
      (${begun} + n) * 1000, NULL, CASE WHEN ${isContinued(amount)} THEN 'compression' END, (${begun} + n * 2) * 1000,
      ${messagesEach}, n % 3 = 0, n % 4 = 0, ${messagesEach}, '${usage}'
    FROM numbers;
    UPDATE sessions SET parent_session_id = NULL WHERE parent_session_id = ${ownIdOf('NULL')};
    INSERT INTO messages (id, session_id, position, role, status, parts, created_at)
    SELECT printf('msg_01h455vb4pex5vsk%010d', sessions.rowid * ${messagesEach} + each.value), sessions.id, each.value,
      CASE WHEN each.value % 2 THEN 'USER' ELSE 'ASSISTANT' END, 'COMPLETE', '[{"type":"text","text":"Something was said."}]',
      sessions.last_activity_at
    FROM sessions CROSS JOIN json_each('${JSON.stringify(Array.from({ length: messagesEach }, (_, i) => i + 1))}') AS each;
  `)
  db.close()
  // Opened again, it makes its index.
  new ProfileDatabase(path).close()
}

/** Fills the state.db of a Hermes home. */
export function fillHermes(home: string, amount: Amount): void {
  const hermes = new HermesDb(join(home, 'state.db'))
  hermes.db.pragma('synchronous = OFF')
  hermes.db.pragma('foreign_keys = OFF')
  const { sessions, messagesEach } = amount
  hermes.db.exec(`
    ${numbers(sessions)}
    INSERT INTO sessions (id, title, source, parent_session_id, started_at, end_reason, message_count, pinned, archived)
    SELECT ${hermesIdOf('n')}, 'Chat of Hermes number ' || n,
      CASE n % 10 WHEN 3 THEN 'telegram' WHEN 4 THEN 'webui' WHEN 5 THEN 'cron' ELSE 'cli' END,
      CASE WHEN (${parentOf(amount)}) IS NOT NULL THEN ${hermesIdOf(`(${parentOf(amount)})`)} END,
      ${begun} + n, CASE WHEN ${isContinued(amount)} THEN 'compression' END, ${messagesEach}, n % 3 = 0, n % 4 = 0
    FROM numbers;
    INSERT INTO messages (session_id, role, content, timestamp)
    SELECT sessions.id, CASE WHEN each.value % 2 THEN 'user' ELSE 'assistant' END, 'Something was said.',
      sessions.started_at + each.value
    FROM sessions CROSS JOIN json_each('${JSON.stringify(Array.from({ length: messagesEach }, (_, i) => i + 1))}') AS each
    ORDER BY sessions.rowid;
  `)
  hermes.close()
}
