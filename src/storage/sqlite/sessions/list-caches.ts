import type Database from 'better-sqlite3'
import type { ConversationListEntry } from '../../sessions/conversation-reader.ts'
import { conversationListEntryCache } from '../conversation-index/reading/listed-conversation-row.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { RowCache } from '../row-cache/row-cache.ts'
import { type StoredSession, storedSessionCache } from './stored-session.ts'

/** What lists of a profile have read last. */
export class ListCaches {
  readonly sessions: RowCache<StoredSession>
  readonly conversations: RowCache<ConversationListEntry>

  constructor(db: SqlConnection) {
    this.sessions = new RowCache(db, storedSessionCache)
    this.conversations = new RowCache(db, conversationListEntryCache)
  }

  /** Begins with empty caches for a connection, after its migrations. */
  watch(connection: Database.Database): void {
    this.sessions.watch(connection)
    this.conversations.watch(connection)
  }
}
