import type { Logger } from '../lib/logger.ts'
import { ModelRegistry } from '../agent/models/model-registry.ts'
import { createOfflineModel } from '../agent/offline/offline-model.ts'
import { ApprovalPolicy } from '../agent/tools/approval-policy.ts'
import { McpToolSource } from '../agent/mcp/mcp-tool-source.ts'
import type { ToolSource } from '../agent/tools/tool.ts'
import { Toolbox } from '../agent/tools/toolbox.ts'
import { ChatService } from '../chat/chat-service.ts'
import type { Limits } from '../config/limits.ts'
import type { NamedProfileSettings } from '../config/profile/profile-settings.ts'
import type { SegueError } from '../lib/errors.ts'
import { JobService } from '../jobs/job-service.ts'
import { Scheduler } from '../jobs/scheduler.ts'
import { openProfileStorage, type ProfileStorageOptions } from './profile-stores.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import { ConversationRepository } from '../sessions/conversation-repository.ts'
import { SessionRepository } from '../sessions/session-repository.ts'
import { ConversationFeed } from './conversation-feed.ts'
import { runJob } from './run-job.ts'

/** All that belongs to one profile, put together. Nothing in it knows of another one. */
export interface ProfileServices {
  readonly profile: ProfileStorage
  readonly sessions: SessionRepository
  readonly conversations: ConversationRepository
  /** What changes in their list. */
  readonly feed: ConversationFeed
  readonly chats: ChatService
  readonly models: ModelRegistry
  readonly jobs: JobService
  /**
   * Begins nothing more, and saves what is being made; what is kept can still be read. Whoever still wants something
   * begun is told `why`: that the server is stopping, unless told.
   */
  stopChats(reason?: SegueError): Promise<void>
  /** The same, then stops what was started for its tools, completes whoever follows, and closes its database. */
  close(reason?: SegueError): Promise<void>
}

export interface ProfileServicesOptions extends Omit<ProfileStorageOptions, 'log'> {
  readonly settings: NamedProfileSettings
  /** Milliseconds between two words of the offline agent. */
  readonly offlineDelayMs: number
  readonly limits: Limits
  /** Throws RATE_LIMITED when no more answers can be made at the same time, over all profiles. */
  readonly assertStreamCapacity: () => void
  /** Where its tools come from: its MCP servers, unless told. */
  readonly tools?: ToolSource
  /** A run of a job has begun or ended. */
  readonly onRunChange: () => void
  readonly log: Logger
}

/**
 * Opens a profile and ends what an earlier process left behind in it. Rejects with NewerDatabaseError and
 * UnusableDatabaseError; nothing stays open then.
 */
export async function openProfileServices(options: ProfileServicesOptions): Promise<ProfileServices> {
  const { settings, offlineDelayMs, limits, assertStreamCapacity, onRunChange, log } = options
  await using resources = new AsyncDisposableStack()
  const profile = openProfileStorage(options)
  resources.defer(() => profile.close())

  const tools = options.tools ?? new McpToolSource({ servers: settings.mcpServers, log })
  resources.defer(() => tools.close())
  const toolbox = new Toolbox({
    source: tools,
    policy: new ApprovalPolicy(settings.approvals),
    storeFile: (bytes) => profile.blobs.put(bytes),
    toolTimeoutMs: limits.toolSeconds * 1000,
    decisionTimeoutMs: limits.decisionSeconds * 1000,
    maxResultLength: limits.toolResultLength,
    log,
  })
  const models = new ModelRegistry({
    providers: settings.providers,
    offline: createOfflineModel({ delayMs: offlineDelayMs, toolbox }),
    toolbox,
    maxSteps: limits.stepsPerAnswer,
    defaultModel: settings.model,
    idleTimeoutMs: limits.modelIdleSeconds * 1000,
    log,
  })
  const sessions = new SessionRepository(profile)
  const conversations = new ConversationRepository(profile, sessions)
  const feed = new ConversationFeed({ profile, sessions, conversations })
  resources.defer(() => feed.close())
  const { autoCompactThreshold, generateTitles } = settings
  const chats = new ChatService({
    profile,
    sessions,
    models,
    log,
    autoCompactThreshold,
    generateTitles,
    assertStreamCapacity,
  })
  resources.defer(() => chats.eventLog.close())
  const scheduler = new Scheduler({
    store: profile.jobs,
    run: (job, run) => runJob(chats, job, run),
    onChange: onRunChange,
    log,
  })
  const jobs = new JobService({
    profile: profile.name,
    store: profile.jobs,
    hermes: profile.hermesJobs,
    scheduler,
  })
  const stopChats = async (reason?: SegueError): Promise<void> => {
    // Runs end with their streams, and are recorded then.
    const recorded = scheduler.close()
    await chats.close(reason)
    await recorded
  }
  resources.defer(() => stopChats())
  const recovered = await chats.recover()
  if (recovered > 0) {
    log.info({ streams: recovered }, 'Ended the streams that the previous process had left unfinished.')
  }

  await scheduler.start()

  const ownedResources = resources.move()
  const close = async (reason?: SegueError): Promise<void> => {
    await stopChats(reason)
    await ownedResources.disposeAsync()
  }
  return { profile, sessions, conversations, feed, chats, models, jobs, stopChats, close }
}
