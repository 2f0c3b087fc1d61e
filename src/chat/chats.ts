import type { Models } from '../agent/models.ts'
import { notFound, SegueError } from '../errors.ts'
import type { Profile } from '../profiles/profile.ts'
import { newSession, type Sessions } from '../sessions/sessions.ts'
import type { StreamKey } from '../storage/chat-store.ts'
import type { PageRequest } from '../storage/session-source.ts'
import { type MessageRecord, noUsage, type SessionRecord, type StreamRecord } from '../storage/records.ts'
import { ChatLog } from './chat-log.ts'
import { modelContext } from './context.ts'
import { type Environment, realEnvironment } from './environment.ts'
import { isUnfinished, turnPositions } from './fold.ts'
import { beginTurn, type Turn } from './machine.ts'
import { endOrphans } from './recovery.ts'
import { numbered, RunningStream, type Saved } from './running-stream.ts'
import { type ChatRequest, checkRequest, fingerprint } from './request.ts'

export interface ChatsOptions {
  readonly profile: Profile
  readonly sessions: Sessions
  readonly models: Pick<Models, 'find'>
  readonly onProblem: (error: unknown, what: string) => void
  readonly env?: Environment
}

/** How a call to cancel found the stream. */
export type CancelOutcome = 'CANCELLED' | 'ALREADY_CANCELLED' | 'ALREADY_FINISHED'

export interface Cancelled extends Saved {
  readonly outcome: CancelOutcome
}

/** The answers of a profile: starts them, ends them, and knows those that are being made. */
export class Chats {
  readonly log: ChatLog
  readonly #options: ChatsOptions
  readonly #env: Environment
  readonly #running = new Map<string, RunningStream>()
  /** Starts go one after the other, so that what a start looks at does not change before it commits. */
  #starts: Promise<unknown> = Promise.resolve()
  #closing = false

  constructor(options: ChatsOptions) {
    this.#options = options
    this.#env = options.env ?? realEnvironment
    this.log = new ChatLog(options.profile.chats)
  }

  /** Ends what an earlier process left behind. To be called before the first start. */
  async recover(): Promise<number> {
    return endOrphans({
      store: this.#options.profile.chats,
      log: this.log,
      env: this.#env,
      message: (id) => this.#options.sessions.message(id),
    })
  }

  /**
   * Begins an answer, or joins the one that was begun with the same key. The user's message, the stream and its key are
   * committed before the model is called. Throws BAD_USER_INPUT, TOO_LARGE, NOT_FOUND, SESSION_READ_ONLY, SESSION_BUSY,
   * IDEMPOTENCY_MISMATCH, SHUTTING_DOWN; a refused start leaves nothing behind, not even its key.
   */
  start(request: ChatRequest): Promise<StreamRecord> {
    const start = this.#starts.then(() => this.#start(request))
    this.#starts = start.catch(() => undefined)
    return start
  }

  /** Stops a stream and returns what was saved. Whatever the provider does, it takes no longer than a commit. */
  async cancel(streamId: string): Promise<Cancelled> {
    const running = this.#running.get(streamId)
    if (!running) {
      const stream = await this.#options.profile.chats.stream(streamId)
      if (!stream) throw notFound('stream', streamId)
      const answer = stream.messageId === null ? null : await this.#options.sessions.message(stream.messageId)
      return { stream, answer, outcome: outcomeOf(stream, false) }
    }
    const first = !running.ending
    const saved = await running.end({ status: 'CANCELLED' })
    return { ...saved, outcome: outcomeOf(saved.stream, first) }
  }

  async stream(id: string): Promise<StreamRecord | null> {
    return this.#running.get(id)?.saved.stream ?? this.#options.profile.chats.stream(id)
  }

  /** The stream that holds the session now. */
  async activeStream(sessionId: string): Promise<StreamRecord | null> {
    return this.#runningIn(sessionId)?.saved.stream ?? this.#options.profile.chats.activeStream(sessionId)
  }

  /** The message that is being made in a session, as far as it is saved. */
  growingAnswer(sessionId: string): MessageRecord | null {
    return this.#runningIn(sessionId)?.saved.answer ?? null
  }

  /** The assistant's message of a stream: growing while it runs, then the saved one; null when nothing was produced. */
  async answerOf(streamId: string): Promise<MessageRecord | null> {
    const running = this.#running.get(streamId)
    if (running) return running.saved.answer
    const stream = await this.#options.profile.chats.stream(streamId)
    return stream?.messageId ? this.#options.sessions.message(stream.messageId) : null
  }

  /** A page of a session's messages, the one that is being made at their end. */
  async messagePage(session: SessionRecord, page: PageRequest<number>): Promise<MessageRecord[]> {
    const growing = this.growingAnswer(session.id)
    const stored = await this.#options.sessions.messagePage(session, page)
    const isMissing =
      growing &&
      growing.position > (page.after ?? 0) &&
      growing.position < (page.before ?? Number.MAX_SAFE_INTEGER) &&
      // It may have been stored while the page was read.
      !stored.some(({ id }) => id === growing.id)
    if (!isMissing) return stored
    return page.backwards ? [...stored, growing].slice(-page.limit) : [...stored, growing].slice(0, page.limit)
  }

  /** A message by id, stored or being made. */
  async message(id: string): Promise<MessageRecord | null> {
    for (const { saved } of this.#running.values()) if (saved.answer?.id === id) return saved.answer
    return this.#options.sessions.message(id)
  }

  /** Accepts nothing more, saves what is being made as INTERRUPTED, and returns when all of it is saved. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#starts
    await Promise.all([...this.#running.values()].map((running) => running.end({ status: 'INTERRUPTED' })))
  }

  async #start(request: ChatRequest): Promise<StreamRecord> {
    if (this.#closing) throw new SegueError('SHUTTING_DOWN', 'The server is stopping. Try again when it is back.')
    checkRequest(request)
    const key = request.key === null ? null : { key: request.key, fingerprint: fingerprint(request) }
    const joined = key && (await this.#streamOfKey(key))
    if (joined) return joined

    const existing = request.sessionId === null ? null : await this.#writable(request.sessionId)
    const model = await this.#options.models.find(request.model ?? existing?.model ?? null)
    const at = this.#env.now()
    const profile = this.#options.profile.name
    const session = existing ?? newSession({ profile, title: null, model: request.model, parentId: null, at })

    const begun = this.#begin(session, request.text, model.id, at)
    await this.log.append({
      sessionId: session.id,
      ...(existing === null && { create: session }),
      head: session.headSeq,
      events: [begun.event],
      streams: [begun.turn.stream],
      messages: [begun.userMessage],
      ...(key && { key: { streamId: begun.turn.stream.id, ...key } }),
      activityAt: at,
    })
    this.#run(begun.turn, session, model)
    return begun.turn.stream
  }

  #begin(session: SessionRecord, text: string, model: string, at: number) {
    const seq = session.headSeq + 1
    const streamId = this.#env.newId('stream')
    const userMessage: MessageRecord = {
      id: this.#env.newId('message'),
      sessionId: session.id,
      position: turnPositions(seq).user,
      role: 'USER',
      status: 'COMPLETE',
      parts: [{ type: 'text', text: text.toWellFormed() }],
      createdAt: at,
      streamId,
      model: null,
      usage: null,
    }
    const stream: StreamRecord = {
      id: streamId,
      sessionId: session.id,
      status: 'RUNNING',
      generation: 1,
      step: null,
      model,
      userMessageId: userMessage.id,
      messageId: null,
      usage: noUsage,
      startedAt: at,
      finishedAt: null,
      firstSeq: seq,
      lastSeq: seq,
      error: null,
    }
    const { turn, event } = beginTurn(stream, userMessage, this.#env)
    return { turn, userMessage, event: numbered(event, seq) }
  }

  #run(turn: Turn, session: SessionRecord, model: Awaited<ReturnType<Models['find']>>): void {
    const { id } = turn.stream
    const before = this.#options.sessions.context(session)
    // A failure to read it is the failure of the step that asks for it, not of the process.
    before.catch(() => undefined)
    const running = new RunningStream({
      log: this.log,
      env: this.#env,
      turn,
      head: turn.stream.lastSeq,
      history: async (answer) => modelContext([...(await before), ...(answer ? [answer] : [])]),
      onProblem: this.#options.onProblem,
    })
    this.#running.set(id, running)
    running
      .run(model.agent, model.name)
      .catch((error: unknown) => this.#options.onProblem(error, 'a stream could not be ended'))
      .finally(() => this.#running.delete(id))
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
    if (session.origin !== 'SEGUE') {
      throw new SegueError('SESSION_READ_ONLY', 'Sessions of Hermes are only read. Continue it in one of your own.')
    }
    const active = await this.activeStream(sessionId)
    if (active && isUnfinished(active.status)) {
      throw new SegueError('SESSION_BUSY', 'An answer is being made in this session. Wait for its end, or cancel it.', {
        streamId: active.id,
      })
    }
    return session
  }

  #runningIn(sessionId: string): RunningStream | null {
    for (const running of this.#running.values()) {
      if (running.saved.stream.sessionId === sessionId && running.saved.stream.finishedAt === null) return running
    }
    return null
  }
}

function outcomeOf(stream: StreamRecord, first: boolean): CancelOutcome {
  if (stream.status !== 'CANCELLED') return 'ALREADY_FINISHED'
  return first ? 'CANCELLED' : 'ALREADY_CANCELLED'
}
