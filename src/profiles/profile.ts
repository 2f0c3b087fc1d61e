import { join } from 'node:path'
import type { ChatStore } from '../storage/chat-store.ts'
import type { DecisionStore } from '../storage/decision-store.ts'
import { type FileStore, FolderFileStore } from '../storage/file-store.ts'
import { type HermesLog, openHermesSessions } from '../storage/hermes/hermes-sessions.ts'
import type { JobSource, JobStore } from '../storage/job-store.ts'
import type { SessionSource } from '../storage/session-source.ts'
import { ProfileDatabase } from '../storage/sqlite/database.ts'
import { SqliteChatStore } from '../storage/sqlite/sqlite-chat-store.ts'
import { SqliteDecisionStore } from '../storage/sqlite/sqlite-decision-store.ts'
import { SqliteJobStore } from '../storage/sqlite/sqlite-job-store.ts'
import { SqliteSessions } from '../storage/sqlite/sqlite-sessions.ts'
import { PrefixedJobs } from './prefixed-jobs.ts'
import { PrefixedSessions } from './prefixed-sessions.ts'
import { defaultProfile } from './profile-name.ts'

/** An isolated home: whatever belongs to one profile is reached through it, and through nothing else. */
export interface Profile {
  readonly name: string
  /** The sessions kept here. */
  readonly own: SessionSource
  /** Those of its Hermes agent; null when Hermes is turned off. */
  readonly hermes: SessionSource | null
  readonly chats: ChatStore
  readonly decisions: DecisionStore
  readonly files: FileStore
  /** The scheduled jobs that are kept here. */
  readonly jobs: JobStore
  /** Those of its Hermes agent. */
  readonly hermesJobs: JobSource | null
  close(): Promise<void>
}

export interface ProfileOptions {
  /** `default` unless told. */
  readonly name?: string
  /** The profile's own folder, and that of its Hermes agent. */
  readonly home: string
  readonly hermesHome: string | null
  readonly durable: boolean
  readonly log: HermesLog
  /** Sees every SQL statement, with its values, and the file on which it runs. */
  readonly onStatement?: (file: 'segue' | 'hermes', sql: string) => void
}

/** Opens a profile. Throws NewerDatabaseError and UnusableDatabaseError. */
export function openProfile(options: ProfileOptions): Profile {
  const { name = defaultProfile, home, hermesHome, durable, log, onStatement } = options
  const database = new ProfileDatabase(join(home, 'segue.db'), {
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
          ...(onStatement && { onStatement: (sql: string) => onStatement('hermes', sql) }),
        })
  // Hermes' ids are unique in one home only.
  const prefix = name === defaultProfile ? null : `${name}@`
  return {
    name,
    own: new SqliteSessions(database, name),
    hermes: hermes && (prefix === null ? hermes : new PrefixedSessions(hermes, prefix)),
    chats: new SqliteChatStore(database, name),
    decisions: new SqliteDecisionStore(database),
    files: new FolderFileStore(join(home, 'files')),
    jobs: new SqliteJobStore(database, name),
    hermesJobs: hermes && (prefix === null ? hermes.jobs : new PrefixedJobs(hermes.jobs, prefix)),
    close: async () => {
      await hermes?.close()
      database.close()
    },
  }
}
