import { assertIdleElsewhere } from './assert-sessions-idle.ts'
import { isConflict, repeatAfterConflicts } from './log/repeat-after-conflicts.ts'
import type { ModelMessage } from 'ai'
import { systemMessageToUser } from '../agent/providers/requests/system-message-to-user.ts'
import { SegueError, createShuttingDownError } from '../lib/errors.ts'
import { waitForAbort } from '../lib/async/wait-for-abort.ts'
import type { SessionContext } from '../model/context/context-size.ts'
import type { SessionRecord } from '../model/session.ts'
import type { StreamFailure, StreamRecord } from '../model/stream.ts'
import type { Budget } from '../model/usage.ts'
import { newSession } from '../sessions/new-session.ts'
import { type IdempotencyKey, createCompletedIdempotencyKeyRecord } from '../storage/idempotency-key.ts'
import type { SessionWithInitialMessages } from '../storage/sessions/session-writer.ts'
import type { MessageAlternatives } from './alternatives/message-alternatives.ts'
import { ChatSnapshot } from './chat-snapshot.ts'
import type { ProfileMessageReader } from './context/profile-message-reader.ts'
import type { DecisionService } from './decisions/decision-service.ts'
import type { EventLog } from './log/event-log.ts'
import { assertValidMessageChanges, prepareMessageChanges } from './requests/message-changes.ts'
import { createMessageParts } from './requests/message-parts.ts'
import type { RegenerateChanges } from './requests/regenerate-changes.ts'
import { resolveAnsweringModel } from './requests/resolve-answering-model.ts'
import { assertValidSendMessageRequest, type SendMessageRequest } from './requests/send-message-request.ts'
import { waitForRunningStreams } from './wait-for-running-streams.ts'
import type { CancelResult } from './cancel-result.ts'
import type { ConversationManagement } from './conversation-management.ts'
import type { QueueManagement } from './queue-management.ts'
import type { SessionManagement } from './session-management.ts'
import type { ChatServiceDependencies } from './chat-service-dependencies.ts'
import type { EventSubscriptions } from './subscriptions/event-subscriptions.ts'
import type { SteeringService } from './steering-service.ts'
import type { AcceptedStream } from './turn/new-turn.ts'

/** The commands of a profile's chats: start, cancel, regenerate, fork and compact. */
export class ChatService {
  readonly eventLog: EventLog
  readonly messageQueries: ProfileMessageReader
  readonly subscriptions: EventSubscriptions
  readonly decisions: DecisionService
  readonly steering: SteeringService
  readonly sessionManagement: SessionManagement
  readonly queueManagement: QueueManagement
  readonly alternatives: MessageAlternatives
  readonly conversationManagement: ConversationManagement
  readonly #dependencies: ChatServiceDependencies

  constructor(dependencies: ChatServiceDependencies) {
    this.#dependencies = dependencies
    this.eventLog = dependencies.eventLog
    this.messageQueries = dependencies.messageQueries
    this.subscriptions = dependencies.subscriptions
    this.decisions = dependencies.decisions
    this.steering = dependencies.steering
    this.sessionManagement = dependencies.sessionManagement
    this.queueManagement = dependencies.queueManagement
    this.alternatives = dependencies.alternatives
    this.conversationManagement = dependencies.conversationManagement
  }

  /** How many events agents have yielded after their stream had ended. They were refused. */
  get lateEventCount(): number {
    return this.#dependencies.actors.lateEventCount
  }

  /** How many streams run or are queued. */
  get activeStreamCount(): number {
    return this.#dependencies.activeSessions.streamCount
  }

  /** The streams that run or are queued. */
  listActiveStreams(): StreamRecord[] {
    return this.#dependencies.activeSessions.list().flatMap((actor) => actor.listStreams())
  }

  /**
   * Ends the streams that an earlier process left running, resumes the queued ones, and removes unreferenced files. Call
   * it before any other method. Returns how many streams it has ended.
   */
  async recover(): Promise<number> {
    const { profile, recovery, log } = this.#dependencies
    const endedCount = await recovery.run()
    void profile.blobs
      .collectGarbage((hashes) => profile.eventStore.findUnreferencedBlobs(hashes))
      .catch((error: unknown) => log.error({ err: error }, 'Unreferenced files could not be removed.'))
    return endedCount
  }

  /** Ends the running streams as FAILED. Resolves when their ends are committed. */
  async failRunning(failure: StreamFailure): Promise<void> {
    const actors = this.#dependencies.activeSessions.list()
    await Promise.all(actors.map(({ activeRunner }) => activeRunner?.finish({ status: 'FAILED', error: failure })))
  }

  /**
   * Starts a stream. The user's message, the stream and the key are committed before the model is called. Throws
   * BAD_USER_INPUT, TOO_LARGE, NOT_FOUND, SESSION_READ_ONLY, SESSION_BUSY, STALE, RATE_LIMITED, SHUTTING_DOWN, and
   * INTERNAL if it cannot be committed in time. A start that throws changes nothing: its key stays unused, and a stream
   * that it was to interrupt continues.
   */
  async start(request: SendMessageRequest): Promise<AcceptedStream> {
    assertValidSendMessageRequest(request)
    const { startForwarder } = this.#dependencies
    return repeatAfterConflicts(async () => (await startForwarder.forward(request)) ?? this.#startHere(request))
  }

  /** Starts a stream for another process, which sent this one the request. Null if it is to find out anew who can start it. */
  async startForwarded(request: SendMessageRequest): Promise<AcceptedStream | null> {
    assertValidSendMessageRequest(request)
    return this.#startHere(request).catch((error: unknown) => {
      if (isConflict(error)) return null
      throw error
    })
  }

  #startHere(request: SendMessageRequest): Promise<AcceptedStream> {
    return this.#dependencies.turnStarter.start(async () => {
      const { models, writableSessions, fileStore } = this.#dependencies
      const session = request.sessionId === null ? null : await writableSessions.getOpen(request.sessionId)
      // Before the lock is taken, because a provider may have to be asked for its models.
      const answering = await resolveAnsweringModel(models, request, session, 'input', 'effort')
      const parts = await createMessageParts(request, fileStore, 'input', 'files')
      const { idempotencyKey, ifBusy } = request
      return { session: session ?? this.#createSession(request), parts, ...answering, idempotencyKey, ifBusy }
    })
  }

  /** Starts the first stream of a new session. Throws what `start` throws. */
  async startInNewSession(session: SessionRecord, text: string, budget: Budget | null = null): Promise<StreamRecord> {
    return this.#dependencies.turnStarter.start(async () => ({
      session: { session, messages: [] },
      parts: [{ type: 'text', text }],
      ...(await resolveAnsweringModel(this.#dependencies.models, {}, session)),
      budget,
      idempotencyKey: null,
      ifBusy: 'REJECT',
    }))
  }

  /**
   * Tries the turn of a message again, in a new session that ends before that turn and stays in the conversation. Throws
   * what `start` throws, and BAD_USER_INPUT for a message that belongs to no turn.
   */
  async regenerate(
    messageId: string,
    changes: RegenerateChanges,
    idempotencyKey: IdempotencyKey | null = null,
  ): Promise<StreamRecord> {
    assertValidMessageChanges(changes)
    return this.#dependencies.turnStarter.start(async () => {
      const { models, sessionForker, fileStore } = this.#dependencies
      const { parts: userParts, turnId, ...session } = await sessionForker.retryTurn(messageId)
      const answering = await resolveAnsweringModel(models, changes, session.session, 'effort')
      const parts = (await prepareMessageChanges(changes, fileStore))(userParts)
      return { session, parts, ...answering, idempotencyKey, ifBusy: 'REJECT', turnId }
    })
  }

  /** Creates a session with copies of the messages up to and including this one. Throws NOT_FOUND, SESSION_BUSY, BAD_USER_INPUT. */
  async fork(messageId: string, idempotencyKey: IdempotencyKey | null = null): Promise<SessionRecord> {
    const { gate, sessionForker, profile } = this.#dependencies
    return gate.run(async () => {
      const fork = await sessionForker.forkAfter(messageId)
      const key = idempotencyKey && createCompletedIdempotencyKeyRecord(idempotencyKey, { createdId: fork.session.id })
      await profile.eventStore.createSession({ ...fork, idempotencyKey: key })
      return fork.session
    })
  }

  /**
   * Summarises a session and continues it in a new one, which it returns. Throws BAD_USER_INPUT if there is nothing to
   * summarise, NOT_FOUND, SESSION_READ_ONLY, SESSION_BUSY, STALE, PROVIDER and SHUTTING_DOWN.
   */
  async compact(sessionId: string, idempotencyKey: IdempotencyKey | null = null): Promise<SessionRecord> {
    const { gate, writableSessions, models, compactor, profile } = this.#dependencies
    return gate.run(async () => {
      await assertIdleElsewhere([sessionId], profile)
      const { model: modelId } = await writableSessions.getOpen(sessionId)
      const model = await models.resolve(modelId)
      gate.assertOpen()
      // Read again: the session may have changed while its model was resolved.
      return compactor.compact(await writableSessions.getOpen(sessionId), model, idempotencyKey)
    })
  }

  /**
   * Cancels a stream. Takes no longer than a commit, whatever the provider does. The key is stored only if this call is
   * the one that cancels. Throws NOT_FOUND and INTERNAL.
   */
  async cancel(streamId: string, idempotencyKey: IdempotencyKey | null = null): Promise<CancelResult> {
    return this.#dependencies.canceller.cancel(streamId, idempotencyKey)
  }

  async findStream(id: string): Promise<StreamRecord | null> {
    const { activeSessions, profile } = this.#dependencies
    return activeSessions.findStream(id) ?? profile.eventStore.findStream(id)
  }

  /** Reads streams and messages as of now, also later. Dispose of it. */
  takeSnapshot(): ChatSnapshot {
    return new ChatSnapshot(this.#dependencies)
  }

  /** What the model would be sent next, with URLs in place of files. */
  async loadModelMessages(session: SessionRecord): Promise<readonly ModelMessage[]> {
    const sessionModel = session.origin === 'SEGUE' ? session.model : null
    const model = await this.#dependencies.models.resolve(sessionModel).catch(() => null)
    const context = this.messageQueries.openModelContext(session, model, { fileForm: 'url' })
    const { messages } = await context.build({ answer: await this.messageQueries.loadStreamingMessage(session.id) })
    return model?.omissions.systemRole ? systemMessageToUser(messages) : messages
  }

  /** Like `loadModelMessages`. Null, with an error in the log, if they cannot be read. */
  async loadModelMessagesOrNull(session: SessionRecord): Promise<readonly ModelMessage[] | null> {
    return this.loadModelMessages(session).catch((error: unknown) => {
      this.#dependencies.log.error({ err: error, session: session.id }, 'The context of a session could not be read.')
      return null
    })
  }

  /** The size of what the model would be sent next. Null, with an error in the log, if it cannot be read. */
  async measureContextOrNull(session: SessionRecord): Promise<SessionContext | null> {
    return this.#dependencies.contextSizeMeter.measure(session).catch((error: unknown) => {
      this.#dependencies.log.error({ err: error, session: session.id }, 'The size of a context could not be measured.')
      return null
    })
  }

  /** Throws SESSION_BUSY if `close` would interrupt anything. */
  assertIdle(): void {
    const { activeSessions, gate } = this.#dependencies
    for (const actor of activeSessions.list()) actor.assertIdle()
    if (activeSessions.streamCount > 0 || gate.activeCount > 0)
      throw new SegueError('SESSION_BUSY', 'This profile has active streams. Wait for their end, or cancel them.')
  }

  /**
   * Refuses further commands with SHUTTING_DOWN, starts no queued stream any more, and waits for the streams that run, until
   * the signal aborts. See `waitForRunningStreams`.
   */
  async drain(signal: AbortSignal): Promise<void> {
    const { activeSessions, gate, postTurnTasks } = this.#dependencies
    gate.close(createShuttingDownError())
    postTurnTasks.abort()
    for (const actor of activeSessions.list()) actor.stopStarting()
    // Commands that are being executed may start streams.
    await Promise.race([gate.waitUntilIdle(), waitForAbort(signal)])
    for (const actor of activeSessions.list()) actor.stopStarting()
    await waitForRunningStreams(this.#dependencies, signal)
  }

  /**
   * Refuses further commands with `reason`, and ends the running streams as INTERRUPTED. Resolves when everything is
   * committed.
   */
  async close(reason: SegueError = createShuttingDownError()): Promise<void> {
    const { activeSessions, backgroundCoalescer, gate, postTurnTasks } = this.#dependencies
    gate.close(reason)
    postTurnTasks.abort()
    const closeActors = () => Promise.all(activeSessions.list().map((actor) => actor.close()))
    await closeActors()
    await gate.waitUntilIdle()
    await postTurnTasks.waitUntilIdle()
    // Tasks that were still running may have started streams.
    await closeActors()
    await backgroundCoalescer.close()
  }

  #createSession({ model, effort = null }: SendMessageRequest): SessionWithInitialMessages {
    const { profile, runtime } = this.#dependencies
    const session = newSession({
      profile: profile.name,
      title: null,
      titleSource: null,
      model,
      effort,
      at: runtime.now(),
    })
    return { session, messages: [] }
  }
}
