import type { ModelRegistry } from '../agent/models/model-registry.ts'
import type { Logger } from '../lib/logger.ts'
import type { ClockAndIds } from '../lib/clock-and-ids.ts'
import type { TaskGate } from '../lib/async/task-gate.ts'
import type { CombinedSessionRepository } from '../sessions/combined-session-repository.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import type { ModelPrices } from '../usage/model-prices.ts'
import type { MessageAlternatives } from './alternatives/message-alternatives.ts'
import type { ProfileMessageReader } from './context/profile-message-reader.ts'
import type { ContextSizeMeter } from './context/size/context-size-meter.ts'
import type { SessionCompactor } from './continuation/session-compactor.ts'
import type { SessionForker } from './continuation/session-forker.ts'
import type { PostTurnTasks } from './continuation/post-turn-tasks.ts'
import type { DecisionService } from './decisions/decision-service.ts'
import type { BackgroundDeltaCoalescer } from './log/background-delta-coalescer.ts'
import type { EventLog } from './log/event-log.ts'
import type { MessageFileStore } from './attachments/message-file-store.ts'
import type { ActiveSessions } from './runtime/active-sessions.ts'
import type { SessionActors } from './runtime/session-actors.ts'
import type { WritableSessions } from './runtime/writable-sessions.ts'
import type { ConversationManagement } from './conversation-management.ts'
import type { QueueManagement } from './queue-management.ts'
import type { SessionManagement } from './session-management.ts'
import type { EventSubscriptions } from './subscriptions/event-subscriptions.ts'
import type { SteeringService } from './steering-service.ts'
import type { StartForwarder } from './remote/start-forwarder.ts'
import type { StreamRecovery } from './recovery/stream-recovery.ts'
import type { StreamCanceller } from './remote/stream-canceller.ts'
import type { TurnStarter } from './turn-starter.ts'

/** What the commands of a profile's chats need. */
export interface ChatServiceDependencies {
  readonly profile: ProfileStorage
  readonly sessions: CombinedSessionRepository
  readonly models: Pick<ModelRegistry, 'resolve'>
  readonly runtime: ClockAndIds
  readonly log: Logger
  readonly eventLog: EventLog
  readonly messageQueries: ProfileMessageReader
  readonly contextSizeMeter: ContextSizeMeter
  readonly subscriptions: EventSubscriptions
  readonly decisions: DecisionService
  readonly steering: SteeringService
  readonly sessionManagement: SessionManagement
  readonly queueManagement: QueueManagement
  readonly alternatives: MessageAlternatives
  readonly conversationManagement: ConversationManagement
  readonly fileStore: MessageFileStore
  readonly activeSessions: ActiveSessions
  readonly actors: SessionActors
  readonly writableSessions: WritableSessions
  readonly turnStarter: TurnStarter
  readonly backgroundCoalescer: BackgroundDeltaCoalescer
  readonly sessionForker: SessionForker
  readonly compactor: SessionCompactor
  readonly postTurnTasks: PostTurnTasks
  readonly gate: TaskGate
  readonly prices: ModelPrices
  readonly canceller: StreamCanceller
  readonly recovery: StreamRecovery
  readonly startForwarder: StartForwarder
}
