import { onTestFinished } from 'vitest'
import type { SummaryAndTitleGenerator } from '../../../src/agent/agent.ts'
import type { ChatService } from '../../../src/chat/chat-service.ts'
import { type ChatServiceOptions, createChatService } from '../../../src/chat/create-chat-service.ts'
import type { ClockAndIds } from '../../../src/lib/clock-and-ids.ts'
import { Notifier } from '../../../src/lib/async/notifier.ts'
import { silentLogger } from '../../../src/lib/logger.ts'
import { CombinedSessionRepository } from '../../../src/sessions/combined-session-repository.ts'
import type { PostgresInstallation } from '../../../src/storage/postgres/postgres-installation.ts'
import type { EventStore } from '../../../src/storage/event-store.ts'
import type { ProfileStorage } from '../../../src/storage/profile-storage.ts'
import type { ScriptedAnswer } from '../fixtures/chats/agent-chats.ts'
import { failingTextGenerator, newResolvedModel } from '../providers/resolved-model.ts'
import { wrapStore } from '../storage/event-store.ts'
import { MemoryBlobStore } from '../storage/memory-blob-store.ts'
import { openTestInstallation } from './test-installation.ts'

/** The chats of a profile in one process of an installation. */
export interface PostgresChats {
  readonly installation: PostgresInstallation
  readonly chats: ChatService
  readonly profile: ProfileStorage
}

interface PostgresChatsOptions extends NonNullable<Parameters<typeof openTestInstallation>[1]> {
  /** Whether it executes what others forward, as one does that is not stopped. Default: true. */
  readonly answersOthers?: boolean
  /** Stand in for methods of the event store. */
  readonly eventStore?: (store: EventStore) => Partial<EventStore>
  /** Whether it is told of what others write, as one is that is not suspended. Default: true. */
  readonly hearsOthers?: boolean
  /** Default: no budgets, no titles, no compaction after a turn. */
  readonly settings?: ChatServiceOptions['settings']
  /** Default: the clock and the ids of the system. */
  readonly runtime?: ClockAndIds
  /** Default: no summary may be asked for. */
  readonly generateSummary?: SummaryAndTitleGenerator['generateSummary']
}

/** Opens the chats as another process does. They are closed when the test has ended. */
export async function openPostgresChats(
  url: string,
  answer: ScriptedAnswer,
  {
    answersOthers = true,
    hearsOthers = true,
    eventStore,
    settings,
    runtime,
    generateSummary,
    ...options
  }: PostgresChatsOptions = {},
): Promise<PostgresChats> {
  const installation = await openTestInstallation(url, options)
  const storage = await installation.openStorage({ profile: 'work' })
  const profile: ProfileStorage = {
    ...storage,
    ...(!answersOthers && { commands: null }),
    ...(!hearsOthers && { changes: { ...storage.changes, foreignApprovalRules: new Notifier() } }),
    eventStore: wrapStore(storage.eventStore, {
      ...(!hearsOthers && { onForeignAppend: () => undefined }),
      ...eventStore?.(storage.eventStore),
    }),
    name: 'work',
    blobs: new MemoryBlobStore(),
    hermesSessions: null,
    hermesJobs: null,
    hermesUsage: null,
    loadHermesStatus: async () => ({ state: 'DISABLED', error: null }),
    listFlagsFromHermes: async () => new Map(),
  }
  const textGenerator = { ...failingTextGenerator, ...(generateSummary && { generateSummary }) }
  const chats = createChatService({
    profile,
    sessions: new CombinedSessionRepository(profile),
    models: { assertKnown: () => undefined, resolve: async () => newResolvedModel({ answer }, { textGenerator }) },
    log: silentLogger,
    ...(settings && { settings }),
    ...(runtime && { runtime }),
  })
  onTestFinished(async () => {
    await chats.close()
    await profile.close()
  })
  return { installation, chats, profile }
}
