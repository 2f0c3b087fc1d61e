import { McpToolSource } from '../agent/mcp/mcp-tool-source.ts'
import { ModelRegistry, type ModelRegistryOptions } from '../agent/models/model-registry.ts'
import { ProviderConnections } from '../agent/providers/http/provider-connections.ts'
import { ProviderAvailabilityCache } from '../agent/providers/provider-availability-cache.ts'
import { createOfflineModel } from '../agent/offline/offline-model.ts'
import type { ToolSource } from '../agent/tools/tool-source.ts'
import { Toolbox } from '../agent/tools/toolbox.ts'
import { createProducedFileStore } from '../chat/attachments/produced-file-store.ts'
import { UploadService } from '../chat/attachments/upload-service.ts'
import type { ChatService } from '../chat/chat-service.ts'
import { type ChatServiceOptions, createChatService } from '../chat/create-chat-service.ts'
import { ProfileInstructions } from '../config/profile/instructions/profile-instructions.ts'
import { UsageReport } from '../usage/usage-report.ts'
import { ModelPrices } from '../usage/model-prices.ts'
import { JobService } from '../jobs/job-service.ts'
import type { JobRunSlots } from '../jobs/job-run-slots.ts'
import { Scheduler } from '../jobs/scheduler.ts'
import { systemClockAndIds } from '../lib/clock-and-ids.ts'
import { SegueError } from '../lib/errors.ts'
import type { FileConverter } from '../lib/file-conversion/file-converter.ts'
import { MutableLiveValue } from '../config/reload/live-value.ts'
import type { HttpClient } from '../lib/http/http-client.ts'
import type { Logger } from '../lib/logger.ts'
import { noTelemetry } from '../lib/telemetry/telemetry.ts'
import { ConversationRepository } from '../sessions/conversation-repository.ts'
import { CombinedSessionRepository } from '../sessions/combined-session-repository.ts'
import type { Installation } from '../storage/installation/installation.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import { omitStorageProblems } from '../storage/health/omit-storage-problems.ts'
import { toPublicStorageError } from '../storage/health/storage-problem.ts'
import { StorageHealth } from '../storage/health/storage-health.ts'
import { ConversationFeed } from './conversation-feed.ts'
import { IdempotentCalls } from './idempotent-calls.ts'
import {
  type ProfileConfiguration,
  ProfileConfigurator,
  toApprovalPolicy,
  toProviderTimeouts,
  toToolLimits,
} from './config-reload/profile-configurator.ts'
import { openInstalledProfileStorage } from './storage/open-installed-profile-storage.ts'
import { openProfileStorage, type ProfileStorageOptions } from './storage/open-profile-storage.ts'
import { runJob } from './run-job.ts'
import { startWork } from './lifecycle/start-work.ts'
import { watchProfile } from './watch-profile.ts'

/** As long as a lease: a process that has begun a call and died has lost it by then. */
const foreignCallTimeoutMs = 10_000

/** The services of one profile. None of them knows of another profile. */
export interface ProfileServices {
  readonly profile: ProfileStorage
  readonly sessions: CombinedSessionRepository
  readonly conversations: ConversationRepository
  /** Live changes of the list of conversations. */
  readonly feed: ConversationFeed
  readonly chats: ChatService
  readonly models: ModelRegistry
  /** Whether its providers answer. */
  readonly providers: ProviderAvailabilityCache
  /** What models are told in sessions without instructions of their own. */
  readonly instructions: ProfileInstructions
  readonly toolbox: Toolbox
  readonly jobs: JobService
  readonly uploads: UploadService
  readonly idempotentCalls: IdempotentCalls
  /** What was used, in Segue and in Hermes. */
  readonly usage: UsageReport
  /** Refuses new work, and waits for the streams that run, until the signal aborts. See `ChatService.drain`. */
  drain(signal: AbortSignal): Promise<void>
  /** Applies other settings of the profile, or limits of the server. What runs goes on with what it began with. */
  configure(change: Partial<ProfileConfiguration>): void
  /** Refuses new streams with `reason` (default: SHUTTING_DOWN) and saves those that are running. Reads continue. */
  stopChats(reason?: SegueError): Promise<void>
  /** Stops chats, then ends subscriptions, stops MCP servers and closes the database. */
  close(reason?: SegueError): Promise<void>
}

export interface ProfileServicesOptions extends ProfileStorageOptions, ProfileConfiguration {
  /** The database that holds the profile. Null: files in its folder do. */
  readonly installation: Installation | null
  /** Milliseconds between two words of the offline agent. */
  readonly offlineDelayMs: number
  /** Converts the files of messages, of all profiles. */
  readonly fileConverter: FileConverter
  /** Of prices and costs. */
  readonly currency: string
  /** Sends the requests to providers and MCP servers. */
  readonly httpClient: HttpClient
  /** Bounds the scheduled runs of all profiles together. */
  readonly jobRunSlots: JobRunSlots
  /** Throws RATE_LIMITED if all profiles together have too many active streams. */
  readonly assertStreamCapacity: () => void
  /** Replaces the MCP servers of the profile. */
  readonly tools?: ToolSource
  readonly log: Logger
  /** Called when a problem of the profile's storage begins, changes or ends, and when its notice changes. */
  readonly onStorageChange?: (health: StorageHealth) => void
}

/**
 * Opens a profile and recovers its unfinished streams. Rejects with DatabaseTooNewError and DatabaseUnusableError, after
 * closing what it had opened.
 */
export async function openProfileServices(given: ProfileServicesOptions): Promise<ProfileServices> {
  await using resources = new AsyncDisposableStack()
  const options = { ...given, ...createStorageHealth(given) }
  const profile = resources.adopt(openStorage(options), (storage) => storage.close())
  const tools = resources.adopt(createToolSource(options), (source) => source.close())
  const toolbox = createToolbox(tools, profile, options)
  const prices = new ModelPrices(options.settings.prices, options.currency)
  const connections = new ProviderConnections({ httpClient: options.httpClient, ...toProviderTimeouts(options.limits) })
  const models = createModelRegistry({ toolbox, prices, connections }, profile, options)
  const sessions = new CombinedSessionRepository(profile)
  const conversations = new ConversationRepository(profile, sessions)
  const feed = new ConversationFeed({ profile, sessions, conversations })
  resources.defer(() => feed.close())
  const instructions = new ProfileInstructions(options.home, options.log)
  const settings = new MutableLiveValue(options.settings)
  const chats = createChats({ profile, sessions, models, instructions, prices, settings }, options)
  resources.defer(() => {
    chats.eventLog.close()
    for (const notifier of Object.values(profile.changes)) notifier.close()
  })
  resources.defer(watchProfile(options.telemetry ?? noTelemetry, chats, options.home))
  const scheduler = createScheduler(profile, chats, options)
  const { drain, stopChats } = createShutdown(chats, scheduler)
  resources.defer(() => stopChats())

  await startWork({ chats, scheduler, profile }, options)
  const idempotentCalls = createIdempotentCalls(profile)
  const uploads = createUploadService(profile, options)
  for (const [name, pruned] of Object.entries({ 'idempotency keys': idempotentCalls, uploads }))
    resources.defer(pruned.startPruning((error) => options.log.error({ err: error }, `Pruning ${name} failed.`)))
  const providers = new ProviderAvailabilityCache(options.settings.providers, connections)
  const configurator = new ProfileConfigurator(
    { settings, tools, toolbox, prices, connections, models, providers },
    options,
  )
  const ownedResources = resources.move()
  const close = async (reason?: SegueError): Promise<void> => {
    await stopChats(reason)
    await ownedResources.disposeAsync()
  }
  return {
    profile,
    sessions,
    conversations,
    feed,
    chats,
    models,
    providers,
    instructions,
    toolbox,
    jobs: createJobService(profile, scheduler),
    uploads,
    idempotentCalls,
    usage: new UsageReport(profile, options.currency),
    drain,
    configure: (change) => configurator.configure(change),
    stopChats,
    close,
  }
}

function openStorage({ installation, ...options }: ProfileServicesOptions): ProfileStorage {
  return installation ? openInstalledProfileStorage(installation, options) : openProfileStorage(options)
}

function createIdempotentCalls({ idempotencyKeys, commands }: ProfileStorage): IdempotentCalls {
  return new IdempotentCalls(idempotencyKeys, { foreignTimeoutMs: commands ? foreignCallTimeoutMs : 0 })
}

/** The health of a profile's storage, which logs its problems, and a logger for everything else, which does not. */
function createStorageHealth({ log, onStorageChange }: ProfileServicesOptions): {
  readonly health: StorageHealth
  readonly log: Logger
} {
  const health = new StorageHealth({ log })
  health.onChange(() => onStorageChange?.(health))
  return { health, log: omitStorageProblems(log) }
}

function createToolSource({ tools, settings, httpClient, log }: ProfileServicesOptions): ToolSource {
  return tools ?? new McpToolSource({ servers: settings.mcpServers, httpClient, log })
}

function createToolbox(
  source: ToolSource,
  { blobs }: ProfileStorage,
  { settings, limits, fileConverter, log }: ProfileServicesOptions,
): Toolbox {
  return new Toolbox({
    source,
    policy: toApprovalPolicy(settings),
    offersClarify: settings.offersClarify,
    storeFile: createProducedFileStore({ blobs, converter: fileConverter }),
    ...toToolLimits(limits),
    log,
  })
}

function createModelRegistry(
  { toolbox, prices, connections }: Required<Pick<ModelRegistryOptions, 'toolbox' | 'prices' | 'connections'>>,
  { modelObservations }: ProfileStorage,
  { settings, limits, offlineDelayMs, log }: ProfileServicesOptions,
): ModelRegistry {
  return new ModelRegistry({
    providers: settings.providers,
    offline: createOfflineModel({ delayMs: offlineDelayMs, toolbox, prices }),
    toolbox,
    prices,
    maxSteps: limits.stepsPerAnswer,
    defaultModel: settings.model,
    observations: modelObservations,
    connections,
    log,
  })
}

function createChats(
  parts: Pick<ChatServiceOptions, 'profile' | 'sessions' | 'models' | 'instructions' | 'prices' | 'settings'>,
  { assertStreamCapacity, fileConverter, log, telemetry = noTelemetry }: ProfileServicesOptions,
): ChatService {
  return createChatService({ ...parts, log, telemetry, assertStreamCapacity, fileConverter })
}

function createUploadService(
  { blobs, uploads, eventStore }: ProfileStorage,
  { fileConverter }: ProfileServicesOptions,
): UploadService {
  return new UploadService({
    ...{ blobs, uploads, references: eventStore },
    ...{ converter: fileConverter, runtime: systemClockAndIds },
  })
}

function createScheduler(
  { jobs }: ProfileStorage,
  chats: ChatService,
  { jobRunSlots, log }: ProfileServicesOptions,
): Scheduler {
  return new Scheduler({ store: jobs, run: (job, run) => runJob(chats, job, run), slots: jobRunSlots, log })
}

function createJobService(profile: ProfileStorage, scheduler: Scheduler): JobService {
  return new JobService({
    profile: profile.name,
    store: profile.jobs,
    notifier: profile.changes.jobRuns,
    hermes: profile.hermesJobs,
    scheduler,
  })
}

function createShutdown(chats: ChatService, scheduler: Scheduler): Pick<ProfileServices, 'drain' | 'stopChats'> {
  return {
    drain: async (signal) => {
      scheduler.stopStarting()
      await chats.drain(signal).catch(ignoreStorageFailure)
    },
    stopChats: async (reason) => {
      // A job run ends with its stream, and is recorded after that.
      const recorded = scheduler.close()
      await chats.close(reason).catch(ignoreStorageFailure)
      await recorded
    },
  }
}

/** Ends that cannot be saved any more. The log has the reason, and the next start recovers the answers. */
function ignoreStorageFailure(error: unknown): void {
  const known = error instanceof SegueError ? error : toPublicStorageError(error)
  if (known?.code !== 'STORAGE') throw error
}
