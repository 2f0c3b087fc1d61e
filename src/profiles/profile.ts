import { join } from 'node:path'
import type { ChatStore } from '../storage/chat-store.ts'
import { type HermesLog, openHermesSessions } from '../storage/hermes/hermes-sessions.ts'
import type { SessionSource } from '../storage/session-source.ts'
import { ProfileDatabase } from '../storage/sqlite/database.ts'
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
  const path = join(home, 'segue.db')
  const database = new ProfileDatabase(path, {
    durable,
    ...(onStatement && { onStatement: (sql: string) => onStatement('segue', sql) }),
  })
  const hermes =
    hermesHome === null
      ? null
      : openHermesSessions({
          path: join(hermesHome, 'state.db'),
          profile: name,
          log,
          index: join(home, 'hermes-index.db'),
          own: path,
          ...(onStatement && { onStatement: (sql: string) => onStatement('hermes', sql) }),
        })
  hermes?.warmUp()
  return {
    name,
    own: new SqliteSessions(database, name),
    hermes,
    chats: new SqliteChatStore(database),
    close: async () => {
      await hermes?.close()
      database.close()
    },
  }
}
