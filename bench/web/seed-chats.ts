import { join } from 'node:path'
import Database from 'better-sqlite3'
import { SegueProfileDatabase } from '../../src/storage/sqlite/segue-profile-database.ts'
import { SqliteSessionReader } from '../../src/storage/sqlite/sessions/sqlite-session-reader.ts'
import { segueId } from '../support/seed-sessions.ts'
import { writeAnswer } from './answer-text.ts'

export interface SeededChats {
  /** The session with many messages, the newest of all. */
  readonly longChatId: string
}

const firstPage = { after: null, before: null, backwards: false, limit: 1 }
const hour = 3_600_000 // milliseconds

/** Fills the database of a home with so many chats, the last of which has so many messages. */
export async function seedChats(home: string, chats: number, messages: number): Promise<SeededChats> {
  const path = join(home, 'segue.db')
  const longChatId = segueId(chats - 1)
  const db = new Database(path)
  db.pragma('synchronous = OFF')
  db.pragma('foreign_keys = OFF')
  const id = "printf('ses_01h455vb4pex5vsknk%08d', n)"
  const at = `${Date.now() - chats * hour} + n * ${hour}`
  const usage = '{"estimated":false,"inputTokens":0,"outputTokens":0,"reasoningTokens":0,"cachedInputTokens":0}'
  db.exec(`
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${chats - 1})
    INSERT INTO sessions (id, title, source, started_at, last_activity_at, message_count, head_seq, usage)
    SELECT ${id}, 'What happened in the ' || n || 'th hour at the mill', 'segue', ${at}, ${at},
      CASE WHEN n = ${chats - 1} THEN ${messages} ELSE 0 END, 0, '${usage}'
    FROM numbers`)
  const insert = db.prepare(`INSERT INTO messages (id, session_id, position, role, status, parts, created_at)
    VALUES (?, ?, ?, ?, 'COMPLETE', ?, ?)`)
  db.transaction(() => {
    for (let position = 1; position <= messages; position += 1) {
      const isQuestion = position % 2 === 1
      const text = isQuestion
        ? `Question ${position}: what about the mill?`
        : writeAnswer(400 + ((position * 97) % 1600))
      const messageId = `msg_01h455vb4pex5vsk${String(position).padStart(10, '0')}`
      const role = isQuestion ? 'USER' : 'ASSISTANT'
      insert.run(messageId, longChatId, position, role, JSON.stringify([{ type: 'text', text }]), Date.now())
    }
  })()
  db.close()
  const filled = new SegueProfileDatabase(path)
  // Builds the index of conversations, which the first list would wait for.
  await new SqliteSessionReader(filled).listConversations(firstPage, {})
  filled.close()
  return { longChatId }
}
