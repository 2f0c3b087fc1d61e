import type { FoundModel, Models } from '../agent/models/model-registry.ts'
import { notFound, SegueError, shuttingDown } from '../lib/errors.ts'
import type { Profile } from '../services/profile-stores.ts'
import { newSession, type Sessions } from '../sessions/session-repository.ts'
import type { NewSession, RequestKey } from '../storage/event-store.ts'
import type { MessagePart, SessionRecord, StreamRecord } from '../model/records.ts'
import { attached } from './attachments/attachments.ts'
import { ChatLog } from './log/event-log.ts'
import { Decisions } from './decisions/decision-service.ts'
import { type Environment, realEnvironment } from '../lib/runtime.ts'
import { Followers } from './subscriptions/event-subscriptions.ts'
import { Forking } from './continuation/fork-session.ts'
import { Housekeeping } from './session-management.ts'
import { KeyedWork } from '../lib/keyed-mutex.ts'
import { Live } from './runtime/active-sessions.ts'
import { LogMerging } from './log/background-coalescer.ts'
import { newTurn } from './turn/new-turn.ts'
import { OwnSessions } from './runtime/writable-sessions.ts'
import { endOrphans } from './runtime/recover-streams.ts'
import { type ChatRequest, checkKey, checkLength, checkRequest, fingerprint, sha256 } from './requests/chat-request.ts'
import type { Saved } from './runtime/stream-runner.ts'
import { Compacting, type IfBusy, SessionChat } from './runtime/session-actor.ts'
import { Sequels } from './continuation/post-turn-tasks.ts'
import { Transcripts } from './context/message-queries.ts'
import { within } from '../lib/with-timeout.ts'

export interface ChatsOptions {
  readonly profile: Profile
  readonly sessions: Sessions
  readonly models: Pick<Models, 'find'>
  readonly onProblem: (error: unknown, what: string) => void
  readonly env?: Environment
  /** Throws RATE_LIMITED when no more answers can be made at the same time. */
  readonly checkRoom?: () => void
  /** The share of a model's window from which on a session is compacted after an answer; 0, the default, for never. */
  readonly compactAt?: number
  /** Whether models give sessions their titles; false by default. */
  readonly titles?: boolean
  /** How long a start, a cancel or a decision waits for a storage that cannot save, in milliseconds; 5,000 by default. */
  readonly patience?: number
}

/** How a call to cancel found the stream. */
export type CancelOutcome = 'CANCELLED' | 'ALREADY_CANCELLED' | 'ALREADY_FINISHED'

export interface Cancelled extends Saved {
  readonly outcome: CancelOutcome
}

/** What a turn begins with. */
interface Beginning {
  readonly session: SessionRecord | NewSession
  readonly parts: readonly MessagePart[]
  readonly model: FoundModel
  readonly key: RequestKey | null
  readonly ifBusy: IfBusy
}

/** The answers of a profile: starts them, ends them, and has sessions go on in others. */
export class Chats {
  readonly log: ChatLog
  readonly transcripts: Transcripts
  readonly followers: Followers
  readonly decisions: Decisions
  readonly housekeeping: Housekeeping
  readonly #options: ChatsOptions
  readonly #env: Environment
  readonly #patience: number
  readonly #live = new Live()
  readonly #own: OwnSessions
  readonly #merging: LogMerging
  readonly #forking: Forking
  readonly #sequels: Sequels
  /** What begins or continues sessions: with the same key one after the other, so that the second one finds the first. */
  readonly #work = new KeyedWork()
  /** What is told to whoever wants something begun from now on. */
  #closed: SegueError | null = null
  #refused = 0

  constructor(options: ChatsOptions) {
    const { profile, sessions, onProblem, env = realEnvironment, patience = 5000 } = options
    this.#options = options
    this.#env = env
    this.#patience = patience
    this.#own = new OwnSessions(sessions)
    this.log = new ChatLog(profile.chats)
    this.transcripts = new Transcripts(profile, sessions, this.#live)
    this.followers = new Followers({ ...options, log: this.log, live: this.#live, transcripts: this.transcripts })
    this.decisions = new Decisions({ store: profile.decisions, live: this.#live, bell: this.log.decisions, patience })
    this.#merging = new LogMerging(profile.chats, onProblem)
    this.#forking = new Forking({
      sessions,
      env,
      transcripts: this.transcripts,
      files: profile.files,
      profile: profile.name,
    })
    this.housekeeping = new Housekeeping({
      ...options,
      own: this.#own,
      log: this.log,
      live: this.#live,
      chat: (session) => this.#chat(session),
      run: (work) => {
        this.#checkOpen()
        return this.#work.run(null, work)
      },
    })
    this.#sequels = new Sequels({
      ...options,
      env,
      transcripts: this.transcripts,
      chat: (session) => this.#chat(session),
    })
  }

  /** How many things agents did after their stream had ended; they changed nothing. */
  get refused(): number {
    return this.#refused
  }

  /** How many streams run or wait. */
  get unfinished(): number {
    return this.#live.streams
  }

  /**
   * Ends what an earlier process left behind, in the log of every session, takes up what waited, and removes files that
   * nothing refers to. To be called before the first start. Returns how many were ended.
   */
  async recover(): Promise<number> {
    const { profile, sessions, onProblem } = this.#options
    const { ended, waiting } = await endOrphans({
      store: profile.chats,
      log: this.log,
      env: this.#env,
      message: (id) => sessions.message(id),
    })
    for (const stream of ended) this.#merging.schedule(stream)
    for (const [sessionId, queued] of Map.groupBy(waiting, (stream) => stream.sessionId)) {
      const session = await sessions.find(sessionId)
      if (!session) continue
      const chat = this.#chat(session)
      for (const stream of queued) this.#live.own(stream.id, chat)
      await chat.resume(queued)
    }
    void profile.files
      .sweep((hashes) => profile.chats.unusedFiles(hashes))
      .catch((error: unknown) => onProblem(error, 'files that nothing refers to could not be removed'))
    return ended.length
  }

  /**
   * Begins an answer, or joins the one that was begun with the same key. The user's message, the stream and its key are
   * committed before the model is called. Throws BAD_USER_INPUT, TOO_LARGE, NOT_FOUND, SESSION_READ_ONLY, SESSION_BUSY,
   * STALE, RATE_LIMITED, IDEMPOTENCY_MISMATCH, SHUTTING_DOWN, and INTERNAL when nothing can be saved for a while; a
   * refused start leaves nothing behind, not even its key.
   */
  async start(request: ChatRequest): Promise<StreamRecord> {
    checkRequest(request)
    const key = request.key === null ? null : { key: request.key, fingerprint: fingerprint(request) }
    return this.#begin(key, async () => {
      const session = request.sessionId === null ? null : await this.#own.open(request.sessionId)
      // A provider may have to be asked for its models: nobody else waits for that.
      const model = await this.#options.models.find(request.model ?? session?.model ?? null)
      const parts = await this.#partsOf(request)
      return {
        session: session ?? { session: this.#newSession(request), messages: [] },
        parts,
        model,
        key,
        ifBusy: request.ifBusy,
      }
    })
  }

  /** Begins an answer as the first one of a session that is made with it. Throws as `start` does. */
  async startIn(session: SessionRecord, text: string): Promise<StreamRecord> {
    return this.#begin(null, async () => ({
      session: { session, messages: [] },
      parts: [{ type: 'text', text }],
      model: await this.#options.models.find(session.model),
      key: null,
      ifBusy: 'REJECT',
    }))
  }

  /**
   * Has the turn of a message once more, in a fork of its session that ends before it; with another text, if one is
   * given. Throws as `start` does, and BAD_USER_INPUT for a message that is in no turn.
   */
  async regenerate(messageId: string, text: string | null, key: string | null): Promise<StreamRecord> {
    checkKey(key, 'key')
    if (text !== null) checkText(text)
    const asked = { regenerate: messageId.toWellFormed(), text: text?.toWellFormed() ?? null }
    const named = key === null ? null : { key, fingerprint: sha256(asked) }
    return this.#begin(named, async () => {
      const { parts, ...session } = await this.#forking.beforeTurn(messageId)
      const model = await this.#options.models.find(session.session.model)
      return { session, parts: text === null ? parts : withText(parts, text), model, key: named, ifBusy: 'REJECT' }
    })
  }

  /** A new session with the messages up to and including this one. Throws NOT_FOUND, SESSION_BUSY, BAD_USER_INPUT. */
  async fork(messageId: string): Promise<SessionRecord> {
    this.#checkOpen()
    return this.#work.run(null, async () => {
      const fork = await this.#forking.after(messageId)
      await this.#options.profile.chats.createSession(fork)
      return fork.session
    })
  }

  /**
   * Has a session summarised and continued by a new one, which it returns. Throws BAD_USER_INPUT when nothing was said,
   * NOT_FOUND, SESSION_READ_ONLY, SESSION_BUSY, STALE, IDEMPOTENCY_MISMATCH, PROVIDER and SHUTTING_DOWN.
   */
  async compact(sessionId: string, key: string | null): Promise<SessionRecord> {
    checkKey(key, 'key')
    const named = key === null ? null : { key, fingerprint: sha256({ compact: sessionId.toWellFormed() }) }
    return this.#work.run(key, async () => {
      this.#checkOpen()
      const made = named && (await this.#madeBy(named))
      if (made) return made
      const session = await this.#own.open(sessionId)
      return this.#sequels.compact(session, await this.#options.models.find(session.model), named)
    })
  }

  /** Stops a stream and returns what was saved. Whatever the provider does, it takes no longer than a commit. */
  async cancel(streamId: string): Promise<Cancelled> {
    const owner = this.#live.ownerOf(streamId)
    const fault = 'The end of the stream could not be saved yet. It is being tried again.'
    const cancelled = owner && (await within(this.#patience, fault, () => owner.cancel(streamId)))
    if (cancelled) return { ...cancelled.saved, outcome: outcomeOf(cancelled.saved.stream, cancelled.first) }
    const stream = await this.#options.profile.chats.stream(streamId)
    if (!stream) throw notFound('stream', streamId)
    const answer = stream.messageId === null ? null : await this.transcripts.stored(stream.messageId)
    return { stream, answer, outcome: outcomeOf(stream, false) }
  }

  async stream(id: string): Promise<StreamRecord | null> {
    return this.#live.stream(id) ?? this.#options.profile.chats.stream(id)
  }

  /** The stream that holds the session now. */
  async activeStream(sessionId: string): Promise<StreamRecord | null> {
    return this.#live.saved(sessionId)?.stream ?? null
  }

  /** Exactly what the model would be sent next. */
  async modelContext(session: SessionRecord): Promise<Awaited<ReturnType<ReturnType<Transcripts['history']>>>> {
    const own = session.origin === 'SEGUE' ? session.model : null
    const model = await this.#options.models.find(own).catch(() => null)
    const window = model?.window ?? Number.POSITIVE_INFINITY
    return this.transcripts.history(session, window)(this.transcripts.growing(session.id))
  }

  /** Throws SESSION_BUSY when anything is under way that would be cut off by a close. */
  checkIdle(): void {
    for (const chat of this.#live.chats()) chat.checkIdle()
    if (this.#live.streams > 0 || this.#work.size > 0)
      throw new SegueError('SESSION_BUSY', 'Something is under way here.')
  }

  /**
   * Accepts nothing more, saves what is being made as INTERRUPTED, and returns when all of it is saved. Whoever comes
   * later is told `why`.
   */
  async close(why: SegueError = shuttingDown()): Promise<void> {
    this.#closed ??= why
    this.#sequels.close()
    const chats = () => Promise.all(this.#live.chats().map((chat) => chat.close()))
    await chats()
    await this.#work.settled()
    await this.#sequels.settled()
    await chats()
    await this.#merging.close()
  }

  /** Joins the stream that the key began, or begins what `prepare` makes ready. */
  async #begin(key: RequestKey | null, prepare: () => Promise<Beginning>): Promise<StreamRecord> {
    this.#checkOpen()
    const joined = key && (await this.#begunBy(key))
    if (joined) return joined
    const beginning = await prepare()
    const { session, ifBusy } = beginning
    for (;;) {
      if (!('session' in session)) await this.#live.chat(session.id)?.notCompacting(ifBusy)
      try {
        return await within(this.#patience, 'The message could not be saved. Try again later.', (signal) =>
          this.#work.run(key?.key ?? null, async () => {
            this.#checkOpen()
            return (key && (await this.#begunBy(key))) ?? this.#start(beginning, signal)
          }),
        )
      } catch (error) {
        // It has begun in between. A summary takes its time: only what is stored is waited for no longer than a while.
        if (!(error instanceof Compacting)) throw error
      }
    }
  }

  async #start({ session: given, ifBusy, ...turn }: Beginning, signal: AbortSignal): Promise<StreamRecord> {
    // Its log may have grown since it was looked at.
    const session = 'session' in given ? given : await this.#own.open(given.id)
    this.#options.checkRoom?.()
    const beginning = newTurn({ ...turn, session, env: this.#env })
    const chat = this.#chat('session' in session ? session.session : session)
    // Known from its first event on: whoever reads that can cancel it.
    this.#live.own(beginning.stream.id, chat)
    return chat.start(beginning, ifBusy, signal).catch((error: unknown) => {
      this.#live.disown(beginning.stream.id)
      throw error
    })
  }

  async #partsOf({ text, files }: ChatRequest): Promise<MessagePart[]> {
    const parts: MessagePart[] = text.trim() === '' ? [] : [{ type: 'text', text: text.toWellFormed() }]
    for (const file of files) parts.push(await attached(file, this.#options.profile.files))
    return parts
  }

  #newSession({ model }: ChatRequest): SessionRecord {
    const profile = this.#options.profile.name
    return newSession({ profile, title: null, titleSource: null, model, at: this.#env.now() })
  }

  #chat(session: SessionRecord): SessionChat {
    const known = this.#live.chat(session.id)
    if (known) return known
    const { profile, sessions, models, onProblem } = this.#options
    const chat: SessionChat = new SessionChat({
      log: this.log,
      env: this.#env,
      sessionId: session.id,
      headSeq: session.headSeq,
      continued: session.endedAt !== null,
      findModel: (id) => models.find(id),
      message: (id) => sessions.message(id),
      history: (model) => this.transcripts.history(session, model.window),
      isGranted: (tool) => profile.decisions.isGranted(tool, session.id),
      stale: () => this.#own.stale(session.id),
      onProblem,
      onRefused: () => (this.#refused += 1),
      onEnded: (stream) => {
        this.#live.disown(stream.id)
        this.#merging.schedule(stream)
      },
      onAnswered: (stream, contextTokens) => this.#sequels.afterAnswer(stream, contextTokens),
      onIdle: () => this.#live.close(session.id, chat),
    })
    this.#live.open(session.id, chat)
    return chat
  }

  async #begunBy({ key, fingerprint: wanted }: RequestKey): Promise<StreamRecord | null> {
    const { chats } = this.#options.profile
    const found = await chats.streamOfKey(key)
    if (found?.fingerprint === wanted) return (await this.stream(found.stream.id)) ?? found.stream
    if (found || (await chats.sessionOfKey(key))) throw mismatch(found?.stream.id)
    return null
  }

  async #madeBy({ key, fingerprint: wanted }: RequestKey): Promise<SessionRecord | null> {
    const { chats } = this.#options.profile
    const found = await chats.sessionOfKey(key)
    if (found?.fingerprint === wanted) return found.session
    const other = await chats.streamOfKey(key)
    if (found || other) throw mismatch(other?.stream.id)
    return null
  }

  #checkOpen(): void {
    if (this.#closed) throw this.#closed
  }
}

function outcomeOf(stream: StreamRecord, first: boolean): CancelOutcome {
  if (stream.status !== 'CANCELLED') return 'ALREADY_FINISHED'
  return first ? 'CANCELLED' : 'ALREADY_CANCELLED'
}

function mismatch(streamId: string | undefined): SegueError {
  const sentence = 'This key came with another request before: the same key goes with the same input only.'
  return new SegueError('IDEMPOTENCY_MISMATCH', sentence, streamId === undefined ? {} : { streamId })
}

function checkText(text: string): void {
  if (text.trim() === '') throw new SegueError('BAD_USER_INPUT', 'A message needs some text.', { path: ['text'] })
  checkLength(text)
}

/** The same message with another text; its files stay. */
function withText(parts: readonly MessagePart[], text: string): MessagePart[] {
  return [{ type: 'text', text: text.toWellFormed() }, ...parts.filter(({ type }) => type === 'file')]
}
