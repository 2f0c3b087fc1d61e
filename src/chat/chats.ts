import type { FoundModel, Models } from '../agent/models.ts'
import { notFound, SegueError } from '../errors.ts'
import type { Profile } from '../profiles/profile.ts'
import { newSession, type Sessions } from '../sessions/sessions.ts'
import type { StreamKey } from '../storage/chat-store.ts'
import { type Delivered, type MessageRecord, type SessionRecord, type StreamRecord } from '../storage/records.ts'
import type { PageRequest } from '../storage/session-source.ts'
import { ChatLog } from './chat-log.ts'
import { modelContext } from './context.ts'
import { type Environment, realEnvironment } from './environment.ts'
import { follow, isBehind, type Snapshot } from './follow.ts'
import { LogMerging } from './log-merging.ts'
import { whole } from './long-message.ts'
import { newTurn } from './new-turn.ts'
import { endOrphans } from './recovery.ts'
import { type ChatRequest, checkRequest, fingerprint } from './request.ts'
import type { RunningStream, Saved } from './running-stream.ts'
import { SessionChat } from './session-chat.ts'
import { within } from './within.ts'

export interface ChatsOptions {
  readonly profile: Profile
  readonly sessions: Sessions
  readonly models: Pick<Models, 'find'>
  readonly onProblem: (error: unknown, what: string) => void
  readonly env?: Environment
  /** How many streams may run or wait at once. */
  readonly mostStreams?: number
}

/** How a call to cancel found the stream. */
export type CancelOutcome = 'CANCELLED' | 'ALREADY_CANCELLED' | 'ALREADY_FINISHED'

export interface Cancelled extends Saved {
  readonly outcome: CancelOutcome
}

const patience = 5000 // milliseconds that a start or a cancel waits for a storage that cannot save

/** The answers of a profile: starts them, ends them, and knows those that are being made. */
export class Chats {
  readonly log: ChatLog
  readonly #options: ChatsOptions
  readonly #env: Environment
  readonly #merging: LogMerging
  readonly #sessions = new Map<string, SessionChat>()
  /** Which session's chat has a stream that has not ended. */
  readonly #owners = new Map<string, SessionChat>()
  /** Starts under way. Those with the same key go one after the other, so that the second one finds the first. */
  readonly #starts = new Set<Promise<unknown>>()
  readonly #startsOfKey = new Map<string, Promise<unknown>>()
  #closing = false
  #refused = 0

  constructor(options: ChatsOptions) {
    this.#options = options
    this.#env = options.env ?? realEnvironment
    this.log = new ChatLog(options.profile.chats)
    this.#merging = new LogMerging(options.profile.chats, options.onProblem)
  }

  /** How many things agents did after their stream had ended; they changed nothing. */
  get refused(): number {
    return this.#refused
  }

  /** How many streams run or wait. */
  get unfinished(): number {
    return this.#owners.size
  }

  /**
   * Ends what an earlier process left behind, in the log of every session, and takes up what waited. To be called
   * before the first start. Returns how many were ended.
   */
  async recover(): Promise<number> {
    const { ended, waiting } = await endOrphans({
      store: this.#options.profile.chats,
      log: this.log,
      env: this.#env,
      message: (id) => this.#options.sessions.message(id),
    })
    for (const stream of ended) this.#merging.schedule(stream)
    for (const [sessionId, queued] of Map.groupBy(waiting, (stream) => stream.sessionId)) {
      const session = await this.#options.sessions.find(sessionId)
      if (!session) continue
      const chat = this.#chat(session)
      for (const stream of queued) this.#owners.set(stream.id, chat)
      await chat.resume(queued)
    }
    return ended.length
  }

  /**
   * Begins an answer, or joins the one that was begun with the same key. The user's message, the stream and its key are
   * committed before the model is called. Throws BAD_USER_INPUT, TOO_LARGE, NOT_FOUND, SESSION_READ_ONLY, SESSION_BUSY,
   * RATE_LIMITED, IDEMPOTENCY_MISMATCH, SHUTTING_DOWN, and INTERNAL when nothing can be saved for a while; a refused
   * start leaves nothing behind, not even its key.
   */
  async start(request: ChatRequest): Promise<StreamRecord> {
    checkRequest(request)
    if (this.#closing) throw new SegueError('SHUTTING_DOWN', 'The server is stopping. Try again when it is back.')
    const key = request.key === null ? null : { key: request.key, fingerprint: fingerprint(request) }
    const joined = key && (await this.#streamOfKey(key))
    if (joined) return joined
    // A provider may have to be asked for its models: nobody else waits for that.
    const model = await this.#modelFor(request)
    return within(patience, 'The message could not be saved. Try again later.', (signal) => {
      const started = this.#inTurn(key, () => this.#start(request, key, model, signal))
      this.#starts.add(started)
      started.catch(() => undefined).finally(() => this.#starts.delete(started))
      return started
    })
  }

  /** Stops a stream and returns what was saved. Whatever the provider does, it takes no longer than a commit. */
  async cancel(streamId: string): Promise<Cancelled> {
    const owner = this.#owners.get(streamId)
    const fault = 'The end of the stream could not be saved yet. It is being tried again.'
    const cancelled = owner && (await within(patience, fault, () => owner.cancel(streamId)))
    if (cancelled) return { ...cancelled.saved, outcome: outcomeOf(cancelled.saved.stream, cancelled.first) }
    const stream = await this.#options.profile.chats.stream(streamId)
    if (!stream) throw notFound('stream', streamId)
    const answer = stream.messageId === null ? null : await this.#stored(stream.messageId)
    return { stream, answer, outcome: outcomeOf(stream, false) }
  }

  async stream(id: string): Promise<StreamRecord | null> {
    return this.#owners.get(id)?.stream(id) ?? this.#options.profile.chats.stream(id)
  }

  /** The stream that holds the session now. */
  async activeStream(sessionId: string): Promise<StreamRecord | null> {
    return this.#sessions.get(sessionId)?.running?.saved.stream ?? null
  }

  /** The message that is being made in a session, as far as it is saved. */
  growingAnswer(sessionId: string): MessageRecord | null {
    return this.#sessions.get(sessionId)?.running?.saved.answer ?? null
  }

  /** The assistant's message of a stream: growing while it runs, then the saved one; null when nothing was produced. */
  async answerOf(streamId: string): Promise<MessageRecord | null> {
    const running = this.#running(streamId)
    if (running) return running.saved.answer
    const stream = await this.#options.profile.chats.stream(streamId)
    return stream?.messageId ? this.#stored(stream.messageId) : null
  }

  /** A page of a session's messages, the one that is being made at their end. */
  async messagePage(session: SessionRecord, page: PageRequest<number>): Promise<MessageRecord[]> {
    const growing = this.growingAnswer(session.id)
    const stored = await this.#whole(await this.#options.sessions.messagePage(session, page))
    const position = growing?.position ?? 0
    const isMissing =
      growing &&
      position > (page.after ?? 0) &&
      position < (page.before ?? Number.MAX_SAFE_INTEGER) &&
      // It may have been stored while the page was read.
      !stored.some(({ id }) => id === growing.id)
    if (!isMissing) return stored
    return page.backwards ? [...stored, growing].slice(-page.limit) : [...stored, growing].slice(0, page.limit)
  }

  /** A message by id, stored or being made. */
  async message(id: string): Promise<MessageRecord | null> {
    for (const { running } of this.#sessions.values()) if (running?.saved.answer?.id === id) return running.saved.answer
    return this.#stored(id)
  }

  /** Follows one stream from after a seq to its end. Throws NOT_FOUND. */
  async followStream(streamId: string, after: number): Promise<AsyncIterableIterator<Delivered>> {
    const stream = await this.stream(streamId)
    const session = stream && (await this.#options.sessions.find(stream.sessionId))
    if (!session) throw notFound('stream', streamId)
    const { id: sessionId, headSeq } = session
    return follow(this.log, { sessionId, stream, headSeq, snapshot: () => this.#snapshotOfStream(streamId) }, after)
  }

  /** Whether a reader of a stream at this cursor has everything already. */
  async isAtEnd(streamId: string, after: number): Promise<boolean> {
    const stream = await this.stream(streamId)
    const session = stream && (await this.#options.sessions.find(stream.sessionId))
    return session !== null && stream !== null && isBehind(stream, session.headSeq, after)
  }

  /** Follows all that happens in a session, without end. Throws NOT_FOUND. */
  async followSession(sessionId: string, after: number): Promise<AsyncIterableIterator<Delivered>> {
    const session = await this.#options.sessions.find(sessionId)
    if (!session) throw notFound('session', sessionId)
    const { headSeq } = session
    return follow(this.log, { sessionId, stream: null, headSeq, snapshot: () => this.#snapshotOf(sessionId) }, after)
  }

  /** Exactly what the model would be sent next. */
  async modelContext(session: SessionRecord): Promise<ReturnType<typeof modelContext>> {
    return this.#history(session)(this.growingAnswer(session.id))
  }

  /** Accepts nothing more, saves what is being made as INTERRUPTED, and returns when all of it is saved. */
  async close(): Promise<void> {
    this.#closing = true
    await Promise.allSettled(this.#starts)
    await Promise.all([...this.#sessions.values()].map((chat) => chat.close()))
    await this.#merging.close()
  }

  async #modelFor({ sessionId, model }: ChatRequest): Promise<FoundModel> {
    const session = sessionId === null ? null : await this.#writable(sessionId)
    return this.#options.models.find(model ?? session?.model ?? null)
  }

  async #start(
    request: ChatRequest,
    key: Omit<StreamKey, 'streamId'> | null,
    model: FoundModel,
    signal: AbortSignal,
  ): Promise<StreamRecord> {
    if (this.#closing) throw new SegueError('SHUTTING_DOWN', 'The server is stopping. Try again when it is back.')
    const joined = key && (await this.#streamOfKey(key))
    if (joined) return joined
    const existing = request.sessionId === null ? null : await this.#writable(request.sessionId)
    const { mostStreams = Number.POSITIVE_INFINITY } = this.#options
    if (this.unfinished >= mostStreams) {
      throw new SegueError('RATE_LIMITED', `${mostStreams} answers are being made already. Try again later.`)
    }
    const session = existing ?? this.#newSession(request)
    const turn = newTurn({ request, session, isNew: existing === null, model, key, env: this.#env })
    const chat = this.#chat(session)
    // Known from its first event on: whoever reads that can cancel it.
    this.#owners.set(turn.stream.id, chat)
    return chat.start(turn, request.ifBusy, signal).catch((error: unknown) => {
      this.#owners.delete(turn.stream.id)
      throw error
    })
  }

  #inTurn<T>(key: Omit<StreamKey, 'streamId'> | null, work: () => Promise<T>): Promise<T> {
    if (key === null) return work()
    const done = (this.#startsOfKey.get(key.key) ?? Promise.resolve()).then(work)
    const settled = done
      .catch(() => undefined)
      .then(() => {
        if (this.#startsOfKey.get(key.key) === settled) this.#startsOfKey.delete(key.key)
      })
    this.#startsOfKey.set(key.key, settled)
    return done
  }

  #newSession({ model }: ChatRequest): SessionRecord {
    const profile = this.#options.profile.name
    return newSession({ profile, title: null, model, parentId: null, at: this.#env.now() })
  }

  #chat(session: SessionRecord): SessionChat {
    const known = this.#sessions.get(session.id)
    if (known) return known
    const chat: SessionChat = new SessionChat({
      log: this.log,
      env: this.#env,
      sessionId: session.id,
      headSeq: session.headSeq,
      findModel: (id) => this.#options.models.find(id),
      message: (id) => this.#options.sessions.message(id),
      history: () => this.#history(session),
      onProblem: this.#options.onProblem,
      onRefused: () => (this.#refused += 1),
      onEnded: (stream) => {
        this.#owners.delete(stream.id)
        this.#merging.schedule(stream)
      },
      onIdle: () => {
        if (this.#sessions.get(session.id) === chat) this.#sessions.delete(session.id)
      },
    })
    this.#sessions.set(session.id, chat)
    return chat
  }

  /** What went before is read once; a failure to read it is the failure of the step that asks for it. */
  #history(session: SessionRecord): (answer: MessageRecord | null) => Promise<ReturnType<typeof modelContext>> {
    const before = this.#options.sessions.context(session).then((messages) => this.#whole(messages))
    before.catch(() => undefined)
    return async (answer) => modelContext([...(await before), ...(answer ? [answer] : [])])
  }

  async #stored(id: string): Promise<MessageRecord | null> {
    const message = await this.#options.sessions.message(id)
    return message && whole(message, this.#options.profile.chats)
  }

  async #whole(messages: readonly MessageRecord[]): Promise<MessageRecord[]> {
    const all: MessageRecord[] = []
    for (const message of messages)
      all.push(message.inLog ? await whole(message, this.#options.profile.chats) : message)
    return all
  }

  async #snapshotOf(sessionId: string): Promise<Snapshot> {
    const session = await this.#options.sessions.find(sessionId)
    // Looked at last: what begins later is told behind the head.
    const saved = this.#sessions.get(sessionId)?.running?.saved
    return saved ? asOf(saved) : { seq: session?.headSeq ?? 0, message: null }
  }

  async #snapshotOfStream(streamId: string): Promise<Snapshot> {
    const saved = this.#running(streamId)?.saved
    if (saved) return asOf(saved)
    const stored = await this.#options.profile.chats.stream(streamId)
    if (!stored) throw notFound('stream', streamId)
    // It waits, or its turn has just come.
    if (stored.finishedAt === null) return asOf(this.#running(streamId)?.saved ?? { stream: stored, answer: null })
    const message = stored.messageId === null ? null : await this.#stored(stored.messageId)
    // Its end is told once more: the message is as it was before that.
    return { seq: stored.lastSeq - 1, message: message && { ...message, status: 'STREAMING', usage: null } }
  }

  async #streamOfKey({ key, fingerprint: wanted }: Omit<StreamKey, 'streamId'>): Promise<StreamRecord | null> {
    const found = await this.#options.profile.chats.streamOfKey(key)
    if (!found) return null
    if (found.fingerprint === wanted) return (await this.stream(found.stream.id)) ?? found.stream
    throw new SegueError(
      'IDEMPOTENCY_MISMATCH',
      'This key began another stream: the same key goes with the same session, text, model and profile only.',
      { streamId: found.stream.id },
    )
  }

  async #writable(sessionId: string): Promise<SessionRecord> {
    const session = await this.#options.sessions.find(sessionId)
    if (!session) throw notFound('session', sessionId)
    if (session.origin === 'SEGUE') return session
    throw new SegueError('SESSION_READ_ONLY', 'Sessions of Hermes are only read. Continue it in one of your own.')
  }

  #running(streamId: string): RunningStream | null {
    const running = this.#owners.get(streamId)?.running
    return running?.saved.stream.id === streamId ? running : null
  }
}

function asOf({ stream, answer }: Saved): Snapshot {
  return { seq: stream.lastSeq, message: answer }
}

function outcomeOf(stream: StreamRecord, first: boolean): CancelOutcome {
  if (stream.status !== 'CANCELLED') return 'ALREADY_FINISHED'
  return first ? 'CANCELLED' : 'ALREADY_CANCELLED'
}
