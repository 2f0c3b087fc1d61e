import { join } from 'node:path'
import type { ChatStore } from '../storage/chat-store.ts'
import { type HermesLog, openHermesSessions } from '../storage/hermes/hermes-sessions.ts'
import { Searches } from '../storage/search/searches.ts'
import type { SessionSource } from '../storage/session-source.ts'
import { ProfileDatabase } from '../storage/sqlite/database.ts'
import { Indexing } from '../storage/sqlite/indexing.ts'
import { SqliteChatStore } from '../storage/sqlite/sqlite-chat-store.ts'
import { SqliteSessions } from '../storage/sqlite/sqlite-sessions.ts'
import { defaultProfile } from './profile-name.ts'

/** An isolated home: whatever belongs to one profile is reached through it, and through nothing else. */
export interface Profile {
  readonly name: string
  /** The sessions kept here. */
  readonly own: SessionSource
  /** Those of its Hermes agent; null when Hermes is turned off. */
  readonly hermes: SessionSource | null
  readonly chats: ChatStore
  /** In both of these. */
  readonly searches: Searches
  close(): Promise<void>
}

export interface ProfileOptions {
  readonly home: string
  readonly hermesHome: string | null
  readonly durable: boolean
  readonly log: HermesLog
  /** Sees every SQL statement, with its values, and the file on which it runs. */
  readonly onStatement?: (file: 'segue' | 'hermes', sql: string) => void
}

/** Opens the default profile, which is the home itself. Throws NewerDatabaseError and UnusableDatabaseError. */
export function openProfile({ home, hermesHome, durable, log, onStatement }: ProfileOptions): Profile {
  const name = defaultProfile
  const ownPath = join(home, 'segue.db')
  const hermesPath = hermesHome === null ? null : join(hermesHome, 'state.db')
  const database = new ProfileDatabase(ownPath, {
    durable,
    ...(onStatement && { onStatement: (sql: string) => onStatement('segue', sql) }),
  })
  const hermes =
    hermesPath === null
      ? null
      : openHermesSessions({
          path: hermesPath,
          profile: name,
          log,
          ...(onStatement && { onStatement: (sql: string) => onStatement('hermes', sql) }),
        })
  const indexing = new Indexing(database, (error) => log.warn({ err: error }, 'Not all can be found by searching yet'))
  const searches = new Searches({ profile: name, ownPath, hermesPath, ...(onStatement && { onStatement }) })
  return {
    name,
    own: new SqliteSessions(database, name),
    hermes,
    chats: new SqliteChatStore(database),
    searches,
    close: async () => {
      await Promise.all([searches.close(), indexing.close()])
      await hermes?.close()
      database.close()
    },
  }
}
