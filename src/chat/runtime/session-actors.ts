import type { ModelRegistry } from '../../agent/models/model-registry.ts'
import type { ResolvedModel } from '../../agent/models/resolved-model.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Telemetry } from '../../lib/telemetry/telemetry.ts'
import type { ClockAndIds } from '../../lib/clock-and-ids.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { StreamRecord } from '../../model/stream.ts'
import type { CombinedSessionRepository } from '../../sessions/combined-session-repository.ts'
import type { ProfileStorage } from '../../storage/profile-storage.ts'
import type { UsageBudgets } from '../../usage/usage-budgets.ts'
import type { ModelPrices } from '../../usage/model-prices.ts'
import type { CompactionHistory } from '../compaction/compaction-history.ts'
import type { BackgroundCompactions } from '../compaction/background-compactions.ts'
import type { ProfileMessageReader } from '../context/profile-message-reader.ts'
import type { BackgroundDeltaCoalescer } from '../log/background-delta-coalescer.ts'
import type { EventLog } from '../log/event-log.ts'
import type { ActiveSessions } from './active-sessions.ts'
import { AnswerContext } from '../streaming/answer-context.ts'
import { SessionActor } from './session-actor.ts'
import type { SessionActorOptions } from './session-actor-options.ts'
import { SessionApprovalRules } from '../streaming/session-approval-rules.ts'
import type { WritableSessions } from './writable-sessions.ts'

export interface SessionActorsOptions {
  readonly profile: ProfileStorage
  readonly sessions: CombinedSessionRepository
  readonly models: Pick<ModelRegistry, 'resolve'>
  readonly runtime: ClockAndIds
  readonly log: Logger
  readonly telemetry: Telemetry
  readonly eventLog: EventLog
  readonly activeSessions: ActiveSessions
  readonly messageQueries: ProfileMessageReader
  readonly writableSessions: WritableSessions
  readonly backgroundCoalescer: BackgroundDeltaCoalescer
  readonly compactionHistory: CompactionHistory
  readonly backgroundCompactions: BackgroundCompactions
  readonly prices: ModelPrices
  readonly budgets: UsageBudgets
  readonly storeFile: SessionActorOptions['storeFile']
  readonly onTurnEnded: SessionActorOptions['onTurnEnded']
}

/** Creates the actors of a profile's sessions: at most one per session, which is removed when it is idle. */
export class SessionActors {
  readonly #options: SessionActorsOptions
  #lateEventCount = 0

  constructor(options: SessionActorsOptions) {
    this.#options = options
  }

  /** How many events agents have yielded after their stream had ended. They were refused. */
  get lateEventCount(): number {
    return this.#lateEventCount
  }

  /** Returns the actor of a session. */
  getOrCreate(session: SessionRecord): SessionActor {
    const { activeSessions } = this.#options
    const existing = activeSessions.find(session.id)
    if (existing) return existing
    const actor: SessionActor = this.#create(session, {
      onStreamQueued: ({ id }) => activeSessions.registerStream(id, actor),
      onIdle: () => activeSessions.unregister(session.id, actor),
    })
    activeSessions.register(session.id, actor)
    return actor
  }

  #create(session: SessionRecord, callbacks: Pick<SessionActorOptions, 'onStreamQueued' | 'onIdle'>): SessionActor {
    const { profile, sessions, models, activeSessions, writableSessions } = this.#options
    const { storeFile, runtime, log, telemetry, eventLog, prices, budgets, backgroundCoalescer, onTurnEnded } =
      this.#options
    return new SessionActor({
      eventLog,
      store: profile.eventStore,
      runtime,
      log,
      telemetry,
      sessionId: session.id,
      loadIsContinued: async () => ((await sessions.find(session.id))?.endedAt ?? null) !== null,
      // Without waiting for a provider: the actor could neither cancel nor stop meanwhile.
      resolveModel: (id) => models.resolve(id, { maxListWaitMs: 0 }),
      findMessage: (id) => sessions.findMessage(id),
      createAnswerContext: (stream, model) => this.#createAnswerContext(session, stream, model),
      prices,
      budgets,
      storeFile,
      approvalRules: new SessionApprovalRules(profile.approvalRules, session.id),
      createStaleError: () => writableSessions.createStaleError(session.id),
      onLateEvent: () => {
        this.#lateEventCount += 1
        telemetry.countRefusedWrite()
      },
      onStreamEnded: (stream) => {
        activeSessions.unregisterStream(stream.id)
        backgroundCoalescer.schedule(stream)
      },
      onStreamLost: (id) => activeSessions.unregisterStream(id),
      onTurnEnded,
      ...callbacks,
    })
  }

  #createAnswerContext(session: SessionRecord, stream: StreamRecord, model: ResolvedModel): AnswerContext {
    const { profile, sessions, models, messageQueries, runtime, ...shared } = this.#options
    return new AnswerContext({
      ...shared,
      sessionId: session.id,
      userMessageId: stream.userMessageId,
      model,
      context: messageQueries.openModelContext(session, model),
      findSessionModelId: async () => {
        const current = await sessions.find(session.id)
        return current?.model ?? (await models.resolve(null, { maxListWaitMs: 0 })).id
      },
      findCheckpoint: () => profile.eventStore.findContextCheckpoint(session.id),
      now: () => runtime.now(),
    })
  }
}
