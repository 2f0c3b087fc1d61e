import { readFileIdentity } from '../../../lib/file-identity.ts'
import type {
  CrossOriginContinuationChange,
  CrossOriginContinuationFeed,
  ConversationIndexEntry,
} from '../../sessions/cross-origin-continuation-feed.ts'
import type { ConversationSettingsRow } from '../../sessions/conversation-settings.ts'
import { readLatestChangeSeq } from '../database/change-sequences.ts'
import type { SqlConnection } from '../database/statement-cache.ts'
import { isCrossOriginConversation } from '../../conversation-index/conversation-index-flags.ts'
import { ConversationSettingsTable } from '../conversation-settings/conversation-settings-table.ts'

type SettingsColumns = {
  [Column in keyof ConversationSettingsRow]: ConversationSettingsRow[Column] | null
}

type ChangeRow = SettingsColumns & {
  [Column in keyof ConversationIndexEntry]: ConversationIndexEntry[Column] | null
} & {
  readonly change: number
  readonly changed_id: string
  readonly conversation_flags: number | null
}

/** What the feed needs of a profile's database. */
export interface CrossOriginContinuationFeedDatabase extends SqlConnection {
  readonly path: string
  write<T>(work: () => T): Promise<T>
  onCrossOriginChanges(listener: () => void): void
}

/** Reads the feed from the table that ConversationIndexMaintainer writes. */
export class SqliteCrossOriginContinuationFeed implements CrossOriginContinuationFeed {
  readonly #db: CrossOriginContinuationFeedDatabase

  constructor(db: CrossOriginContinuationFeedDatabase) {
    this.#db = db
  }

  get databaseId(): string | null {
    return readFileIdentity(this.#db.path)
  }

  get latestChangeSeq(): number {
    return readLatestChangeSeq(this.#db, 'cross_origin')
  }

  readChanges(after: number, limit: number): CrossOriginContinuationChange[] {
    return this.#db
      .prepare<[number, number], ChangeRow>(
        `SELECT changes.change, changes.id AS changed_id, sessions.*, conversations.flags AS conversation_flags, settings.*
         FROM cross_origin_changes AS changes
         LEFT JOIN conversation_sessions AS sessions ON sessions.id = changes.id
         LEFT JOIN conversations ON conversations.root_id = sessions.root_id
         LEFT JOIN conversation_settings AS settings ON settings.session_id = changes.id
         WHERE changes.change > ? ORDER BY changes.change LIMIT ?`,
      )
      .all(after, limit)
      .map((row) => ({
        id: row.changed_id,
        changeSeq: row.change,
        session: toIndexedSession(row),
        settings: toSettings(row),
      }))
  }

  listHermesSettings(): ConversationSettingsRow[] {
    return this.#db
      .prepare<[], ConversationSettingsRow>(
        `SELECT * FROM conversation_settings AS settings
         WHERE (pinned_version > 0 OR archived_version > 0)
           AND NOT EXISTS (SELECT 1 FROM sessions WHERE sessions.id = settings.session_id)`,
      )
      .all()
  }

  async storeInheritedSettings(settings: readonly ConversationSettingsRow[]): Promise<void> {
    const table = new ConversationSettingsTable(this.#db)
    await this.#db.write(() => {
      for (const row of settings) table.merge(row)
    })
  }

  onChanges(listener: () => void): void {
    this.#db.onCrossOriginChanges(listener)
  }
}

function toSettings(row: ChangeRow): ConversationSettingsRow | null {
  const { session_id, title, title_version, pinned, pinned_version, archived, archived_version } = row
  if (session_id === null || title_version === null || pinned === null || pinned_version === null) return null
  if (archived === null || archived_version === null) return null
  const { read_at } = row
  return { session_id, title, title_version, pinned, pinned_version, archived, archived_version, read_at }
}

function toIndexedSession(row: ChangeRow): ConversationIndexEntry | null {
  const { id, continues, takes_place_of, can_be_continued, started_at, message_at, activity_at, flags } = row
  if (id === null || can_be_continued === null) return null
  if (started_at === null || activity_at === null || flags === null) return null
  if (!isCrossOriginConversation(row.conversation_flags ?? 0)) return null
  const { default_flags, live_attention, answered_at, answer_failed } = row
  const links = { id, continues, takes_place_of, can_be_continued }
  const times = { started_at, message_at, activity_at, answered_at }
  return {
    ...links,
    ...times,
    flags,
    default_flags: default_flags ?? 0,
    live_attention: live_attention ?? 0,
    answer_failed: answer_failed ?? 0,
  }
}
