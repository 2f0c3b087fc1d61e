import { join } from 'node:path'
import type { ChatStore } from '../storage/event-store.ts'
import type { DecisionStore } from '../storage/decision-store.ts'
import { type FileStore, FolderFileStore } from '../storage/filesystem/filesystem-blob-store.ts'
import { type HermesLog, openHermesSessions } from '../hermes/hermes-session-reader.ts'
import type { JobSource, JobStore } from '../storage/job-store.ts'
import { Searches } from '../search/search-service.ts'
import type { SessionSource } from '../storage/session-reader.ts'
import { Checkpoints } from '../storage/sqlite/database/wal-checkpointer.ts'
import { ProfileDatabase } from '../storage/sqlite/database/sqlite-database.ts'
import { Indexing } from '../storage/sqlite/search/background-indexer.ts'
import { SqliteChatStore } from '../storage/sqlite/sqlite-event-store.ts'
import { SqliteDecisionStore } from '../storage/sqlite/sqlite-decision-store.ts'
import { SqliteJobStore } from '../storage/sqlite/sqlite-job-store.ts'
import { SqliteSessions } from '../storage/sqlite/sqlite-session-reader.ts'
import { PrefixedJobs } from '../hermes/namespaced-job-reader.ts'
import { PrefixedSearches } from '../hermes/namespaced-search.ts'
import { PrefixedSessions } from '../hermes/namespaced-session-reader.ts'
import { defaultProfile } from '../profiles/profile-name.ts'

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
  /** In both of these. */
  readonly searches: Pick<Searches, 'find' | 'close'>
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
  const path = join(home, 'segue.db')
  // Hermes' ids are unique in one file only.
  const prefix = name === defaultProfile ? '' : `${name}@`
  const hermesPath = hermesHome === null ? null : join(hermesHome, 'state.db')
  const database = new ProfileDatabase(path, {
    durable,
    ...(onStatement && { onStatement: (sql: string) => onStatement('segue', sql) }),
  })
  const checkpoints = new Checkpoints(path)
  database.onCheckpointDue(() => checkpoints.ask())
  const hermes =
    hermesPath === null
      ? null
      : openHermesSessions({
          path: hermesPath,
          profile: name,
          log,
          index: join(home, 'hermes-index.db'),
          own: path,
          prefix,
          ...(onStatement && { onStatement: (sql: string) => onStatement('hermes', sql) }),
        })
  hermes?.warmUp()
  const indexing = new Indexing(database, (error) => log.warn({ err: error }, 'Not all can be found by searching yet'))
  const searches = new Searches({ profile: name, ownPath: path, hermesPath, ...(onStatement && { onStatement }) })
  return {
    name,
    own: new SqliteSessions(database, name),
    hermes: hermes && (prefix === '' ? hermes : new PrefixedSessions(hermes, prefix)),
    chats: new SqliteChatStore(database, name),
    decisions: new SqliteDecisionStore(database),
    files: new FolderFileStore(join(home, 'files')),
    jobs: new SqliteJobStore(database, name),
    hermesJobs: hermes && (prefix === '' ? hermes.jobs : new PrefixedJobs(hermes.jobs, prefix)),
    searches: prefix === '' ? searches : new PrefixedSearches(searches, prefix),
    close: async () => {
      await Promise.all([searches.close(), indexing.close(), checkpoints.close()])
      await hermes?.close()
      database.close()
    },
  }
}
