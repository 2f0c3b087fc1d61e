import type { ResolvedModel, ModelRegistry } from '../agent/models/model-registry.ts'
import { notFound, SegueError, shuttingDown } from '../lib/errors.ts'
import type { ProfileStorage } from '../storage/profile-storage.ts'
import { newSession } from '../sessions/new-session.ts'
import type { SessionRepository } from '../sessions/session-repository.ts'
import type { CreateSessionRequest } from '../storage/session-writer.ts'
import type { MessagePart } from '../model/message.ts'
import type { SessionRecord } from '../model/session.ts'
import type { StreamRecord } from '../model/stream.ts'
import { storeFile } from './attachments/attachments.ts'
import { EventLog } from './log/event-log.ts'
import { DecisionService } from './decisions/decision-service.ts'
import { type Runtime, systemRuntime } from '../lib/runtime.ts'
import { EventSubscriptions } from './subscriptions/event-subscriptions.ts'
import { SessionForker } from './continuation/fork-session.ts'
import { SessionManagement } from './session-management.ts'
import { KeyedMutex } from '../lib/keyed-mutex.ts'
import { TaskTracker } from '../lib/task-tracker.ts'
import { ActiveSessions } from './runtime/active-sessions.ts'
import { BackgroundCoalescer } from './log/background-coalescer.ts'
import { createTurn } from './turn/new-turn.ts'
import { WritableSessions } from './runtime/writable-sessions.ts'
import { recoverStreams } from './runtime/recover-streams.ts'
import {
  type ChatRequest,
  assertValidIdempotencyKey,
  assertTextLength,
  assertValidRequest,
} from './requests/chat-request.ts'
import { computeRequestFingerprint, computeFingerprint } from './requests/request-fingerprint.ts'
import type { CommittedState } from './runtime/stream-runner.ts'
import { CompactingError, SessionActor } from './runtime/session-actor.ts'
import type { IfBusy } from './turn/if-busy.ts'
import { PostTurnTasks } from './continuation/post-turn-tasks.ts'
import { MessageQueries } from './context/message-queries.ts'
import { withTimeout } from '../lib/with-timeout.ts'
import type { Logger } from '../lib/logger.ts'
import type { IdempotencyKey } from '../storage/idempotency-key.ts'

export interface ChatServiceOptions {
  readonly profile: ProfileStorage
  readonly sessions: SessionRepository
  readonly models: Pick<ModelRegistry, 'resolve' | 'assertKnown'>
  readonly log: Logger
  readonly runtime?: Runtime
  /** Throws RATE_LIMITED when no more answers can be made at the same time. */
  readonly assertStreamCapacity?: () => void
  /** The share of a model's window from which on a session is compacted after an answer; 0, the default, for never. */
  readonly autoCompactThreshold?: number
  /** Whether models give sessions their titles; false by default. */
  readonly generateTitles?: boolean
  /** How long a start, a cancel or a decision waits for a storage that cannot save, in milliseconds; 5,000 by default. */
  readonly commitTimeoutMs?: number
}

/** How a call to cancel found the stream. */
export type CancelOutcome = 'CANCELLED' | 'ALREADY_CANCELLED' | 'ALREADY_FINISHED'

export interface CancelResult extends CommittedState {
  readonly outcome: CancelOutcome
}

/** What a turn begins with. */
interface PreparedTurn {
  readonly session: SessionRecord | CreateSessionRequest
  readonly parts: readonly MessagePart[]
  readonly model: ResolvedModel
  readonly idempotencyKey: IdempotencyKey | null
  readonly ifBusy: IfBusy
}

/** The answers of a profile: starts them, ends them, and has sessions go on in others. */
export class ChatService {
  readonly eventLog: EventLog
  readonly messageQueries: MessageQueries
  readonly subscriptions: EventSubscriptions
  readonly decisions: DecisionService
  readonly sessionManagement: SessionManagement
  readonly #options: ChatServiceOptions
  readonly #runtime: Runtime
  readonly #commitTimeoutMs: number
  readonly #activeSessions = new ActiveSessions()
  readonly #writableSessions: WritableSessions
  readonly #backgroundCoalescer: BackgroundCoalescer
  readonly #sessionForker: SessionForker
  readonly #postTurnTasks: PostTurnTasks
  /** What begins or continues sessions: with the same key one after the other, so that the second one finds the first. */
  readonly #keyMutex = new KeyedMutex()
  readonly #tasks = new TaskTracker()
  /** What is told to whoever wants something begun from now on. */
  #closeReason: SegueError | null = null
  #lateEventCount = 0

  constructor(options: ChatServiceOptions) {
    const { profile, sessions, log, runtime = systemRuntime, commitTimeoutMs = 5000 } = options
    this.#options = options
    this.#runtime = runtime
    this.#commitTimeoutMs = commitTimeoutMs
    this.#writableSessions = new WritableSessions(sessions)
    this.eventLog = new EventLog(profile.eventStore)
    this.messageQueries = new MessageQueries(profile, sessions, this.#activeSessions)
    this.subscriptions = new EventSubscriptions({
      ...options,
      eventLog: this.eventLog,
      activeSessions: this.#activeSessions,
      messageQueries: this.messageQueries,
    })
    this.decisions = new DecisionService({
      store: profile.decisions,
      activeSessions: this.#activeSessions,
      notifier: this.eventLog.decisionNotifier,
      commitTimeoutMs,
    })
    this.#backgroundCoalescer = new BackgroundCoalescer(profile.eventStore, log)
    this.#sessionForker = new SessionForker({
      sessions,
      runtime,
      messageQueries: this.messageQueries,
      files: profile.blobs,
      profile: profile.name,
    })
    this.sessionManagement = new SessionManagement({
      ...options,
      writableSessions: this.#writableSessions,
      eventLog: this.eventLog,
      activeSessions: this.#activeSessions,
      actorFor: (session) => this.#actorFor(session),
      runTracked: (work) => {
        this.#assertOpen()
        return this.#tasks.run(work)
      },
    })
    this.#postTurnTasks = new PostTurnTasks({
      ...options,
      runtime,
      messageQueries: this.messageQueries,
      actorFor: (session) => this.#actorFor(session),
    })
  }

  /** How many things agents did after their stream had ended; they changed nothing. */
  get lateEventCount(): number {
    return this.#lateEventCount
  }

  /** How many streams run or wait. */
  get activeStreamCount(): number {
    return this.#activeSessions.streamCount
  }

  /**
   * Ends what an earlier process left behind, in the log of every session, takes up what waited, and removes files that
   * nothing refers to. To be called before the first start. Returns how many were ended.
   */
  async recover(): Promise<number> {
    const { profile, sessions, log } = this.#options
    const { ended, waiting } = await recoverStreams({
      store: profile.eventStore,
      eventLog: this.eventLog,
      runtime: this.#runtime,
      findMessage: (id) => sessions.findMessage(id),
    })
    for (const stream of ended) this.#backgroundCoalescer.schedule(stream)
    for (const [sessionId, queued] of Map.groupBy(waiting, (stream) => stream.sessionId)) {
      const session = await sessions.find(sessionId)
      if (!session) continue
      const actor = this.#actorFor(session)
      for (const stream of queued) this.#activeSessions.registerStream(stream.id, actor)
      await actor.resume(queued)
    }
    void profile.blobs
      .collectGarbage((hashes) => profile.eventStore.findUnreferencedBlobs(hashes))
      .catch((error: unknown) => log.error({ err: error }, 'Unreferenced files could not be removed.'))
    return ended.length
  }

  /**
   * Begins an answer, or joins the one that was begun with the same key. The user's message, the stream and its key are
   * committed before the model is called. Throws BAD_USER_INPUT, TOO_LARGE, NOT_FOUND, SESSION_READ_ONLY, SESSION_BUSY,
   * STALE, RATE_LIMITED, IDEMPOTENCY_MISMATCH, SHUTTING_DOWN, and INTERNAL when nothing can be saved for a while; a
   * refused start leaves nothing behind, not even its key.
   */
  async start(request: ChatRequest): Promise<StreamRecord> {
    assertValidRequest(request)
    const key =
      request.idempotencyKey === null
        ? null
        : { key: request.idempotencyKey, fingerprint: computeRequestFingerprint(request) }
    return this.#startOrJoin(key, async () => {
      const session = request.sessionId === null ? null : await this.#writableSessions.getOpen(request.sessionId)
      // A provider may have to be asked for its models: nobody else waits for that.
      const model = await this.#options.models.resolve(request.model ?? session?.model ?? null)
      const parts = await this.#createParts(request)
      return {
        session: session ?? { session: this.#createSessionRecord(request), messages: [] },
        parts,
        model,
        idempotencyKey: key,
        ifBusy: request.ifBusy,
      }
    })
  }

  /** Begins an answer as the first one of a session that is made with it. Throws as `start` does. */
  async startInNewSession(session: SessionRecord, text: string): Promise<StreamRecord> {
    return this.#startOrJoin(null, async () => ({
      session: { session, messages: [] },
      parts: [{ type: 'text', text }],
      model: await this.#options.models.resolve(session.model),
      idempotencyKey: null,
      ifBusy: 'REJECT',
    }))
  }

  /**
   * Has the turn of a message once more, in a fork of its session that ends before it; with another text, if one is
   * given. Throws as `start` does, and BAD_USER_INPUT for a message that is in no turn.
   */
  async regenerate(messageId: string, text: string | null, key: string | null): Promise<StreamRecord> {
    assertValidIdempotencyKey(key, 'key')
    if (text !== null) assertValidText(text)
    const request = { regenerate: messageId.toWellFormed(), text: text?.toWellFormed() ?? null }
    const idempotencyKey = key === null ? null : { key, fingerprint: computeFingerprint(request) }
    return this.#startOrJoin(idempotencyKey, async () => {
      const { parts, ...session } = await this.#sessionForker.forkBeforeTurn(messageId)
      const model = await this.#options.models.resolve(session.session.model)
      return {
        session,
        parts: text === null ? parts : replaceMessageText(parts, text),
        model,
        idempotencyKey,
        ifBusy: 'REJECT',
      }
    })
  }

  /** A new session with the messages up to and including this one. Throws NOT_FOUND, SESSION_BUSY, BAD_USER_INPUT. */
  async fork(messageId: string): Promise<SessionRecord> {
    this.#assertOpen()
    return this.#tasks.run(async () => {
      const fork = await this.#sessionForker.forkAfter(messageId)
      await this.#options.profile.eventStore.createSession(fork)
      return fork.session
    })
  }

  /**
   * Has a session summarised and continued by a new one, which it returns. Throws BAD_USER_INPUT when nothing was said,
   * NOT_FOUND, SESSION_READ_ONLY, SESSION_BUSY, STALE, IDEMPOTENCY_MISMATCH, PROVIDER and SHUTTING_DOWN.
   */
  async compact(sessionId: string, key: string | null): Promise<SessionRecord> {
    assertValidIdempotencyKey(key, 'key')
    const idempotencyKey =
      key === null ? null : { key, fingerprint: computeFingerprint({ compact: sessionId.toWellFormed() }) }
    return this.#runWithKey(key, async () => {
      this.#assertOpen()
      const existing = idempotencyKey && (await this.#findSessionByKey(idempotencyKey))
      if (existing) return existing
      const session = await this.#writableSessions.getOpen(sessionId)
      return this.#postTurnTasks.compact(session, await this.#options.models.resolve(session.model), idempotencyKey)
    })
  }

  /** Stops a stream and returns what was saved. Whatever the provider does, it takes no longer than a commit. */
  async cancel(streamId: string): Promise<CancelResult> {
    const actor = this.#activeSessions.findByStream(streamId)
    const timeoutMessage = 'The end of the stream could not be saved yet. It is being tried again.'
    const cancellation =
      actor && (await withTimeout(this.#commitTimeoutMs, timeoutMessage, () => actor.cancel(streamId)))
    if (cancellation)
      return { ...cancellation.saved, outcome: toCancelOutcome(cancellation.saved.stream, cancellation.first) }
    const stream = await this.#options.profile.eventStore.findStream(streamId)
    if (!stream) throw notFound('stream', streamId)
    const answer = stream.messageId === null ? null : await this.messageQueries.findStoredMessage(stream.messageId)
    return { stream, answer, outcome: toCancelOutcome(stream, false) }
  }

  async findStream(id: string): Promise<StreamRecord | null> {
    return this.#activeSessions.findStream(id) ?? this.#options.profile.eventStore.findStream(id)
  }

  /** Streams by id. An unknown id is left out. */
  async findStreams(ids: readonly string[]): Promise<Map<string, StreamRecord>> {
    const active = ids.flatMap((id) => this.#activeSessions.findStream(id) ?? [])
    const activeIds = new Set(active.map(({ id }) => id))
    const stored = await this.#options.profile.eventStore.findStreams(ids.filter((id) => !activeIds.has(id)))
    return new Map([...active, ...stored].map((stream) => [stream.id, stream]))
  }

  /** The stream that holds the session now. */
  async findActiveStream(sessionId: string): Promise<StreamRecord | null> {
    return this.#activeSessions.findCommittedState(sessionId)?.stream ?? null
  }

  /** Exactly what the model would be sent next. */
  async loadModelMessages(
    session: SessionRecord,
  ): Promise<Awaited<ReturnType<ReturnType<MessageQueries['prepareModelMessages']>>>> {
    const sessionModel = session.origin === 'SEGUE' ? session.model : null
    const model = await this.#options.models.resolve(sessionModel).catch(() => null)
    const contextWindow = model?.contextWindow ?? Number.POSITIVE_INFINITY
    return this.messageQueries.prepareModelMessages(
      session,
      contextWindow,
    )(this.messageQueries.findStreamingMessage(session.id))
  }

  /** Throws SESSION_BUSY when anything is under way that would be cut off by a close. */
  assertIdle(): void {
    for (const actor of this.#activeSessions.list()) actor.assertIdle()
    if (this.#activeSessions.streamCount > 0 || this.#tasks.activeCount > 0)
      throw new SegueError('SESSION_BUSY', 'Something is under way here.')
  }

  /**
   * Accepts nothing more, saves what is being made as INTERRUPTED, and returns when all of it is saved. Whoever comes
   * later is told `why`.
   */
  async close(reason: SegueError = shuttingDown()): Promise<void> {
    this.#closeReason ??= reason
    this.#postTurnTasks.abort()
    const closeActors = () => Promise.all(this.#activeSessions.list().map((chat) => chat.close()))
    await closeActors()
    await this.#tasks.waitUntilIdle()
    await this.#postTurnTasks.waitUntilIdle()
    await closeActors()
    await this.#backgroundCoalescer.close()
  }

  /** Joins the stream that the key began, or begins what `prepare` makes ready. */
  async #startOrJoin(key: IdempotencyKey | null, prepare: () => Promise<PreparedTurn>): Promise<StreamRecord> {
    this.#assertOpen()
    const existing = key && (await this.#findStreamByKey(key))
    if (existing) return existing
    const preparedTurn = await prepare()
    const { session, ifBusy } = preparedTurn
    for (;;) {
      if (!('session' in session)) await this.#activeSessions.find(session.id)?.waitForCompaction(ifBusy)
      try {
        return await withTimeout(this.#commitTimeoutMs, 'The message could not be saved. Try again later.', (signal) =>
          this.#runWithKey(key?.key ?? null, async () => {
            this.#assertOpen()
            return (key && (await this.#findStreamByKey(key))) ?? this.#startTurn(preparedTurn, signal)
          }),
        )
      } catch (error) {
        // It has begun in between. A summary takes its time: only what is stored is waited for no longer than a while.
        if (!(error instanceof CompactingError)) throw error
      }
    }
  }

  async #startTurn({ session: target, ifBusy, ...turn }: PreparedTurn, signal: AbortSignal): Promise<StreamRecord> {
    // Its log may have grown since it was looked at.
    const session = 'session' in target ? target : await this.#writableSessions.getOpen(target.id)
    this.#options.assertStreamCapacity?.()
    const createdTurn = createTurn({ ...turn, session, runtime: this.#runtime })
    const actor = this.#actorFor('session' in session ? session.session : session)
    // Known from its first event on: whoever reads that can cancel it.
    this.#activeSessions.registerStream(createdTurn.stream.id, actor)
    return actor.start(createdTurn, ifBusy, signal).catch((error: unknown) => {
      this.#activeSessions.unregisterStream(createdTurn.stream.id)
      throw error
    })
  }

  async #createParts({ text, files }: ChatRequest): Promise<MessagePart[]> {
    const parts: MessagePart[] = text.trim() === '' ? [] : [{ type: 'text', text: text.toWellFormed() }]
    for (const file of files) parts.push(await storeFile(file, this.#options.profile.blobs))
    return parts
  }

  #createSessionRecord({ model }: ChatRequest): SessionRecord {
    const profile = this.#options.profile.name
    return newSession({ profile, title: null, titleSource: null, model, at: this.#runtime.now() })
  }

  #actorFor(session: SessionRecord): SessionActor {
    const existing = this.#activeSessions.find(session.id)
    if (existing) return existing
    const { profile, sessions, models, log } = this.#options
    const actor: SessionActor = new SessionActor({
      eventLog: this.eventLog,
      runtime: this.#runtime,
      sessionId: session.id,
      headSeq: session.headSeq,
      isContinued: session.endedAt !== null,
      findModel: (id) => models.resolve(id),
      findMessage: (id) => sessions.findMessage(id),
      prepareModelMessages: (model) => this.messageQueries.prepareModelMessages(session, model.contextWindow),
      isToolGranted: (tool) => profile.decisions.isGranted(tool, session.id),
      createStaleError: () => this.#writableSessions.createStaleError(session.id),
      log,
      onLateEvent: () => (this.#lateEventCount += 1),
      onStreamEnded: (stream) => {
        this.#activeSessions.unregisterStream(stream.id)
        this.#backgroundCoalescer.schedule(stream)
      },
      onTurnCompleted: (stream, contextTokens) => this.#postTurnTasks.onTurnCompleted(stream, contextTokens),
      onIdle: () => this.#activeSessions.unregister(session.id, actor),
    })
    this.#activeSessions.register(session.id, actor)
    return actor
  }

  async #findStreamByKey({ key, fingerprint: expectedFingerprint }: IdempotencyKey): Promise<StreamRecord | null> {
    const { eventStore } = this.#options.profile
    const found = await eventStore.findStreamByIdempotencyKey(key)
    if (found?.fingerprint === expectedFingerprint) return (await this.findStream(found.stream.id)) ?? found.stream
    if (found || (await eventStore.findSessionByIdempotencyKey(key))) throw createMismatchError(found?.stream.id)
    return null
  }

  async #findSessionByKey({ key, fingerprint: expectedFingerprint }: IdempotencyKey): Promise<SessionRecord | null> {
    const { eventStore } = this.#options.profile
    const found = await eventStore.findSessionByIdempotencyKey(key)
    if (found?.fingerprint === expectedFingerprint) return found.session
    const stream = await eventStore.findStreamByIdempotencyKey(key)
    if (found || stream) throw createMismatchError(stream?.stream.id)
    return null
  }

  #runWithKey<T>(key: string | null, task: () => Promise<T>): Promise<T> {
    return this.#tasks.run(() => (key === null ? task() : this.#keyMutex.run(key, task)))
  }

  #assertOpen(): void {
    if (this.#closeReason) throw this.#closeReason
  }
}

function toCancelOutcome(stream: StreamRecord, isFirstCancel: boolean): CancelOutcome {
  if (stream.status !== 'CANCELLED') return 'ALREADY_FINISHED'
  return isFirstCancel ? 'CANCELLED' : 'ALREADY_CANCELLED'
}

function createMismatchError(streamId: string | undefined): SegueError {
  const message = 'This key came with another request before: the same key goes with the same input only.'
  return new SegueError('IDEMPOTENCY_MISMATCH', message, streamId === undefined ? {} : { streamId })
}

function assertValidText(text: string): void {
  if (text.trim() === '') throw new SegueError('BAD_USER_INPUT', 'A message needs some text.', { path: ['text'] })
  assertTextLength(text)
}

/** The same message with another text; its files stay. */
function replaceMessageText(parts: readonly MessagePart[], text: string): MessagePart[] {
  return [{ type: 'text', text: text.toWellFormed() }, ...parts.filter(({ type }) => type === 'file')]
}
