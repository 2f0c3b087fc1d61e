import { join } from 'node:path'
import Database from 'better-sqlite3'
import { newHome } from '../../../tests/support/server/segue.ts'

/** Milliseconds between the activities of two chats. */
const interval = 5 * 60_000

const usage = '{"estimated":false,"inputTokens":0,"outputTokens":0,"reasoningTokens":0,"cachedInputTokens":0}'

/** A list of numbers for a statement: from 0 on. */
const countTo = (count: number): string =>
  `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count - 1})`

export const longChatId = 'ses_01h455vb4pex5vsknk00000000'

/** A new home with one chat of so many messages, `Message 1.` the oldest: `longChatId`. The caller removes it. */
export function newHomeWithLongChat(messageCount: number): string {
  const home = newHome()
  const db = new Database(join(home, 'segue.db'))
  const text = `'Message ' || (n + 1) || '. It has some words, and the last of them is word' || (n + 1) || '.'`
  db.exec(`
    INSERT INTO sessions (id, title, source, started_at, last_activity_at, message_count, head_seq, usage)
    VALUES ('${longChatId}', 'A long chat', 'segue', ${Date.now()}, ${Date.now()}, ${messageCount}, 1, '${usage}');
    ${countTo(messageCount)}
    INSERT INTO messages (id, session_id, position, role, status, parts, created_at)
    SELECT printf('msg_01h455vb4pex5vsk%010d', n), '${longChatId}', n + 1, iif(n % 2 = 0, 'USER', 'ASSISTANT'), 'COMPLETE',
      json_array(json_object('type', 'text', 'text', ${text})), ${Date.now()} - (${messageCount} - n) * 1000
    FROM numbers;
  `)
  db.close()
  return home
}

/** A new home with so many chats, `Chat 0` the newest. Each has one message. The caller removes it. */
export function newHomeWithChats(count: number): string {
  const home = newHome()
  const db = new Database(join(home, 'segue.db'))
  db.pragma('synchronous = OFF')
  const numbers = countTo(count)
  const id = "printf('ses_01h455vb4pex5vsknk%08d', n)"
  const at = `${Date.now()} - n * ${interval}`
  db.exec(`
    ${numbers}
    INSERT INTO sessions (id, title, source, started_at, last_activity_at, message_count, head_seq, usage)
    SELECT ${id}, 'Chat ' || n, 'segue', ${at}, ${at}, 1, 1, '${usage}' FROM numbers;
    ${numbers}
    INSERT INTO messages (id, session_id, position, role, status, parts, created_at)
    SELECT printf('msg_01h455vb4pex5vsk%010d', n), ${id}, 1, 'USER', 'COMPLETE', '[{"type":"text","text":"A message."}]', ${at}
    FROM numbers;
  `)
  db.close()
  return home
}
