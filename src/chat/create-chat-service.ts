import type { ModelRegistry } from '../agent/models/model-registry.ts'
import type { Logger } from '../lib/logger.ts'
import { noTelemetry, type Telemetry } from '../lib/telemetry/telemetry.ts'
import { type ClockAndIds, systemClockAndIds } from '../lib/clock-and-ids.ts'
import { FileConverter } from '../lib/file-conversion/file-converter.ts'
import { type LiveValue, MutableLiveValue } from '../config/reload/live-value.ts'
import { TaskGate } from '../lib/async/task-gate.ts'
import { ConversationRepository } from '../sessions/conversation-repository.ts'
import type { CombinedSessionRepository } from '../sessions/combined-session-repository.ts'
import { handleNotifications } from '../storage/handle-notifications.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import { UsageBudgets } from '../usage/usage-budgets.ts'
import type { ChatSettings } from '../config/profile/profile-settings.ts'
import { type ModelPrices, noModelPrices } from '../usage/model-prices.ts'
import { MessageAlternatives } from './alternatives/message-alternatives.ts'
import { MessageFileStore } from './attachments/message-file-store.ts'
import { createProducedFileStore } from './attachments/produced-file-store.ts'
import { ChatService } from './chat-service.ts'
import { CompactionHistory } from './compaction/compaction-history.ts'
import { BackgroundCompactions } from './compaction/background-compactions.ts'
import { DerivedFileCache } from './context/files/derived-file-cache.ts'
import { ProfileMessageReader } from './context/profile-message-reader.ts'
import { ForeignAnswers } from './context/streaming/foreign-answers.ts'
import { ContextSizeMeter } from './context/size/context-size-meter.ts'
import type { ProfileInstructionsSource } from './context/instructions/session-instructions.ts'
import { SessionCompactor } from './continuation/session-compactor.ts'
import { SessionForker } from './continuation/session-forker.ts'
import { ConversationManagement } from './conversation-management.ts'
import { PostTurnTasks } from './continuation/post-turn-tasks.ts'
import { DecisionService } from './decisions/decision-service.ts'
import { BackgroundDeltaCoalescer } from './log/background-delta-coalescer.ts'
import { CommandForwarder } from './forwarding/command-forwarder.ts'
import { executeForwardedCommand } from './remote/execute-forwarded-command.ts'
import type { ForwardedCommand } from './remote/forwarded-command.ts'
import { LostStreams } from './recovery/lost-streams.ts'
import { StreamRecovery, type StreamRecoveryOptions } from './recovery/stream-recovery.ts'
import { TakenOverStreams } from './recovery/taken-over-streams.ts'
import { StartForwarder } from './remote/start-forwarder.ts'
import { StreamCanceller } from './remote/stream-canceller.ts'
import { EventLog } from './log/event-log.ts'
import { QueueManagement } from './queue-management.ts'
import { ActiveSessions } from './runtime/active-sessions.ts'
import { SessionActors } from './runtime/session-actors.ts'
import { WritableSessions } from './runtime/writable-sessions.ts'
import { SessionManagement } from './session-management.ts'
import { SteeringService } from './steering-service.ts'
import { EventSubscriptions } from './subscriptions/event-subscriptions.ts'
import { TurnStarter } from './turn-starter.ts'

export interface ChatServiceOptions {
  readonly profile: ProfileStorage
  readonly sessions: CombinedSessionRepository
  readonly models: Pick<ModelRegistry, 'resolve' | 'assertKnown'>
  readonly log: Logger
  /** Default: nothing is measured. */
  readonly telemetry?: Telemetry
  /** The instructions of sessions that have none of their own. By default there are none. */
  readonly instructions?: ProfileInstructionsSource
  readonly runtime?: ClockAndIds
  /** Throws RATE_LIMITED if no more streams may run or be queued. By default there is no limit. */
  readonly assertStreamCapacity?: () => void
  /** By default, sessions are not compacted after a turn, no titles are written, and there are no budgets. */
  readonly settings?: LiveValue<ChatSettings>
  /** Converts the files of messages. Default: one of its own. */
  readonly fileConverter?: FileConverter
  /** The prices of its models. By default only what providers report counts. */
  readonly prices?: ModelPrices
  /** How long a start, a cancel or a decision may wait for its commit, in milliseconds. 5,000 by default. */
  readonly commitTimeoutMs?: number
}

const defaultChatSettings: ChatSettings = {
  autoCompactThreshold: 0,
  generateTitles: false,
  budgets: { answer: null, day: null },
}

const defaults = {
  runtime: systemClockAndIds,
  telemetry: noTelemetry,
  assertStreamCapacity: () => undefined,
  settings: new MutableLiveValue(defaultChatSettings),
  prices: noModelPrices,
  commitTimeoutMs: 5_000,
}

/** Builds the chat service of a profile. Call `recover` on it before anything else. */
export function createChatService(options: ChatServiceOptions): ChatService {
  const { profile, sessions, log } = options
  const gate = new TaskGate()
  const eventLog = new EventLog(profile.eventStore, options.telemetry)
  const activeSessions = new ActiveSessions()
  const fileConverter = options.fileConverter ?? new FileConverter()
  const derivedFiles = new DerivedFileCache(fileConverter)
  const messageQueries = createMessageReader(options, activeSessions, derivedFiles)
  const shared = {
    ...defaults,
    ...options,
    budgets: createBudgets({ ...defaults, ...options }, activeSessions),
    gate,
    eventLog,
    activeSessions,
    writableSessions: new WritableSessions(sessions),
    messageQueries,
    backgroundCoalescer: new BackgroundDeltaCoalescer(profile.eventStore, log),
    conversations: new ConversationRepository(profile, sessions),
    fileStore: createFileStore({ ...options, fileConverter }, messageQueries),
    storeFile: createProducedFileStore({ blobs: profile.blobs, converter: fileConverter }),
    forwarder: new CommandForwarder({ ...defaults, ...options, commands: profile.commands }),
    findMessage: (id: string) => sessions.findMessage(id),
    compactionHistory: new CompactionHistory(),
    backgroundCompactions: new BackgroundCompactions(),
  }
  const actors = new SessionActors({
    ...shared,
    onTurnEnded: (stream, lastStepUsage) => postTurnTasks.onTurnEnded({ stream, lastStepUsage }),
  })
  const compactor = new SessionCompactor({ ...shared, actors, commands: profile.commands })
  const postTurnTasks = new PostTurnTasks({ ...shared, actors, compactor })
  const { recovery, takenOverStreams } = createRecovery({ ...shared, actors })
  const chats = new ChatService({
    ...shared,
    actors,
    recovery,
    canceller: new StreamCanceller({ ...shared, takenOverStreams }),
    startForwarder: new StartForwarder({ ...shared, store: profile.eventStore, commands: profile.commands }),
    compactor,
    postTurnTasks,
    contextSizeMeter: new ContextSizeMeter({ ...shared, running: activeSessions, store: profile.contextSizes }),
    turnStarter: new TurnStarter({ ...shared, actors }),
    sessionForker: new SessionForker({ ...shared, profileName: profile.name, blobs: profile.blobs }),
    sessionManagement: new SessionManagement({ ...shared, actors }),
    queueManagement: new QueueManagement(shared),
    conversationManagement: new ConversationManagement({ ...shared, actors }),
    subscriptions: new EventSubscriptions(shared),
    alternatives: new MessageAlternatives({
      eventStore: profile.eventStore,
      sessions,
      streamingAnswers: activeSessions,
      openForeignAnswers: () => openForeignAnswers(options, activeSessions),
    }),
    steering: new SteeringService({ ...shared, store: profile.eventStore }),
    decisions: new DecisionService({ ...shared, store: profile.decisions, notifier: profile.changes.decisions }),
  })
  serveOtherProcesses(chats, shared)
  return chats
}

/** What ends streams of other processes here, and has those end here that others have ended. */
function createRecovery(
  options: Omit<StreamRecoveryOptions, 'store' | 'lostStreams' | 'orphans'> & Pick<ChatServiceOptions, 'profile'>,
): { readonly recovery: StreamRecovery; readonly takenOverStreams: TakenOverStreams } {
  const { profile } = options
  const store = profile.eventStore
  const lostStreams = new LostStreams({ ...options, store })
  lostStreams.follow()
  const shared = { ...options, store, lostStreams }
  const recovery = new StreamRecovery({ ...shared, orphans: profile.changes.orphans })
  return { recovery, takenOverStreams: new TakenOverStreams({ ...shared, recovery, commands: profile.commands }) }
}

function createMessageReader(
  { profile, sessions, instructions }: ChatServiceOptions,
  activeSessions: ActiveSessions,
  derivedFiles: DerivedFileCache,
): ProfileMessageReader {
  return new ProfileMessageReader(profile, sessions, activeSessions, {
    ...(instructions && { profileInstructions: instructions }),
    derivedFiles,
    openForeignAnswers: () => openForeignAnswers({ profile, sessions }, activeSessions),
  })
}

function openForeignAnswers(
  { profile, sessions }: Pick<ChatServiceOptions, 'profile' | 'sessions'>,
  activeSessions: ActiveSessions,
): ForeignAnswers | null {
  return ForeignAnswers.open({ profile, sessions, runsHere: (id) => activeSessions.findStream(id) !== null })
}

/** When approvals that another process has allowed are resolved again if that has failed, in milliseconds. */
const approvalRetryMs = 500

/** Executes what other processes forward, and follows the rules that they add. */
function serveOtherProcesses(
  chats: ChatService,
  { profile, forwarder, log }: Pick<ChatServiceOptions, 'profile' | 'log'> & { readonly forwarder: CommandForwarder },
): void {
  void handleNotifications({
    notifier: profile.changes.foreignApprovalRules,
    handle: () => chats.decisions.resolveAllowed(),
    onError: (error) =>
      log.error({ err: error }, 'Approvals that another process has allowed could not be resolved. Retrying.'),
    retryAfterMs: approvalRetryMs,
  })
  forwarder.serve<ForwardedCommand>((command) => executeForwardedCommand(chats, command))
}

function createFileStore(
  { profile, fileConverter }: Pick<Required<ChatServiceOptions>, 'fileConverter' | 'profile'>,
  messageQueries: ProfileMessageReader,
): MessageFileStore {
  return new MessageFileStore({
    blobs: profile.blobs,
    references: profile.eventStore,
    uploads: profile.uploads,
    converter: fileConverter,
    findMessage: (id) => messageQueries.findMessage(id),
  })
}

function createBudgets(
  { profile, runtime, settings }: Required<Pick<ChatServiceOptions, 'profile' | 'runtime' | 'settings'>>,
  activeSessions: ActiveSessions,
): UsageBudgets {
  return new UsageBudgets({
    readSettings: () => settings.current.budgets,
    sums: profile.usageSums,
    listRunningUsage: () =>
      activeSessions.list().flatMap(({ activeRunner }) => {
        const stream = activeRunner?.committed.stream
        // One whose end is committed is in the sums.
        return stream && stream.finishedAt === null ? stream.usage : []
      }),
    now: () => runtime.now(),
  })
}
