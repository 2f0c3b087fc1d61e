import type { SessionChanges } from '../commands/session-details.ts'
import { createUuid } from '../environment/create-uuid.ts'
import type {
  ApprovalAnswer,
  CancelResult,
  ClarificationAnswer,
  QueuedMessageChanges,
  SegueClient,
} from '../segue-client.ts'
import { isAbortError } from '../environment/is-abort-error.ts'
import { ListenerSet } from '../lists/listener-set.ts'
import type { SnapshotSource } from '../lists/snapshot-store.ts'
import type { ChatMessage } from '../model/message.ts'
import type { ChatStream } from '../model/stream.ts'
import type { SnapshotStorage } from '../react/snapshot-storage.ts'
import { toSegueError } from '../to-segue-error.ts'
import { applyChatEvent } from './apply-chat-event.ts'
import type { LiveChatOptions, OutgoingMessage } from './start/live-chat-options.ts'
import { findChatPlace } from './start/find-chat-place.ts'
import { emptyChat, type LiveChatState } from './live-chat-state.ts'
import {
  readAlternatives,
  type ReadChatSession,
  readChatSessionWithRetry,
  readEarlierMessages,
} from './read-chat-session.ts'
import { regenerate, type RetryChanges, startChat } from './start/start-stream.ts'
import { readStoredChat, writeStoredChat } from './stored-chat.ts'
import { waitForActivity } from './wait-for-activity.ts'

const defaultPageSize = 50 // messages
const maxPageSize = 1000 // messages, the server's limit

/**
 * A chat as a page shows it: it reads the messages, follows the events, and goes on in the session that continues the one
 * that it shows. It starts with its first subscriber and stops when the last one leaves; answers go on without it.
 *
 * The actions reject with a `SegueError` if the server refuses them, which is then the `error` of the snapshot as well.
 */
export class LiveChat implements SnapshotSource<LiveChatState> {
  readonly #client: SegueClient
  readonly #newSession: Pick<LiveChatOptions, 'profile' | 'instructions'>
  readonly #pageSize: number
  readonly #storage: SnapshotStorage | undefined
  readonly #listeners = new ListenerSet(
    () => this.#follow(),
    () => this.#stopFollowing(),
  )
  #state: LiveChatState
  /** Whether the session itself is shown, or the newest one of its conversation. */
  #isExact = false
  #before: string | null = null
  #following: AbortController | null = null
  /** The newest message that the server has not accepted yet. */
  #start: Promise<ChatStream> | null = null
  /** The key of the session that a new chat makes: another one with each chat that is opened. */
  #newSessionKey = createUuid()
  /** The time of the newest event, or activity, that is shown. */
  #shownAt: number | null = null

  constructor(client: SegueClient, { sessionId, pageSize = defaultPageSize, storage, ...newSession }: LiveChatOptions) {
    this.#client = client
    this.#newSession = newSession
    this.#pageSize = pageSize
    this.#storage = storage
    this.#state = { ...emptyChat, sessionId, isLoading: sessionId !== null }
  }

  readonly subscribe = this.#listeners.add

  readonly getSnapshot = (): LiveChatState => this.#state

  /** Sends a message. Resolves when the server has accepted it. */
  readonly send = async ({ newSession, ...message }: OutgoingMessage): Promise<void> => {
    const { sessionId, origin } = this.#state
    const key = this.#newSessionKey
    const earlier = this.#start
    await this.#startStream(async () => {
      // What follows the first message of a new chat goes to its session.
      const id = sessionId ?? (await earlier?.catch(() => null))?.sessionId ?? null
      const place = await findChatPlace(this.#client, { id, origin }, { ...this.#newSession, ...newSession }, key)
      return startChat(this.#client, { ...message, ...place })
    })
  }

  /**
   * Tries the turn of a message again, the user's or its answer: with the same text, or with what is given in its place.
   * The chat goes on in the new session; the old try stays, see `LiveChatMessage.alternatives`.
   */
  readonly regenerate = async (messageId: string, changes: RetryChanges = {}): Promise<void> => {
    await this.#startStream(() => regenerate(this.#client, messageId, changes))
  }

  /**
   * Stops the answer that is being made, also one that the server has not accepted yet. Resolves to what was saved, and to the
   * messages that were to join the answer: give their text back to the composer. Null if nothing runs.
   */
  readonly stop = async (): Promise<CancelResult | null> =>
    this.#act(async () => {
      const started = await this.#start?.catch(() => null)
      const { activeStream } = this.#state
      const stream = started?.status === 'QUEUED' ? (activeStream ?? started) : (started ?? activeStream)
      return stream ? this.#client.cancel(stream.id) : null
    })

  /** Takes back a message that waits to join the answer. Resolves to it. */
  readonly withdraw = async (messageId: string): Promise<ChatMessage> =>
    this.#act(() => this.#client.withdraw(messageId))

  /** Takes back a message that waits for its turn. */
  readonly cancelQueued = async (streamId: string): Promise<void> => {
    await this.#act(() => this.#client.cancel(streamId))
  }

  /** Changes a message that waits for its turn. */
  readonly updateQueued = async (streamId: string, changes: QueuedMessageChanges): Promise<void> => {
    await this.#act(() => this.#client.updateQueued(streamId, changes))
  }

  /** Moves a message that waits for its turn before another one; null, to the end of the queue. */
  readonly moveQueued = async (streamId: string, before: string | null): Promise<void> => {
    await this.#act(() => this.#client.moveQueued(streamId, before))
  }

  /** Answers a message now that waits for its turn, and stops the answer that is being made. */
  readonly sendQueued = async (streamId: string): Promise<void> => {
    await this.#act(() => this.#client.sendQueued(streamId))
  }

  /** Changes the title, the model, the effort or the instructions of the session. Does nothing before the first message. */
  readonly updateSession = async (changes: SessionChanges): Promise<void> => {
    const { sessionId } = this.#state
    if (sessionId !== null) await this.#act(() => this.#client.updateSession(sessionId, changes))
  }

  /** Marks the conversation as read, up to what is shown. */
  readonly markRead = async (): Promise<void> => {
    const { conversationId } = this.#state
    if (conversationId !== null) await this.#act(() => this.#client.markRead(conversationId, this.#shownAt))
  }

  readonly answerApproval = async (id: string, answer: ApprovalAnswer): Promise<void> => {
    await this.#act(() => this.#client.answerApproval(id, answer))
  }

  readonly answerClarification = async (id: string, answer: ClarificationAnswer): Promise<void> => {
    await this.#act(() => this.#client.answerClarification(id, answer))
  }

  /** Reads the page of messages before the first one. Does nothing if there is none. */
  readonly loadEarlier = async (): Promise<void> => {
    const { sessionId: id } = this.#state
    const before = this.#before
    if (id === null || before === null) return
    const page = await this.#act(() => readEarlierMessages(this.#client, { id, last: this.#pageSize, before }))
    if (this.#state.sessionId !== id || this.#before !== before) return
    this.#before = page.before
    const messages = [...page.messages, ...this.#state.messages]
    this.#set({ ...this.#state, messages, hasEarlier: page.before !== null })
  }

  /** Shows another session, such as another try, with what continues it. Null begins a new chat. */
  readonly open = (sessionId: string | null): void => {
    if (sessionId === this.#state.sessionId && !this.#start) return
    this.#start = null
    this.#newSessionKey = createUuid()
    this.#show(sessionId, false)
  }

  #show(sessionId: string | null, isSending: boolean): void {
    this.#stopFollowing()
    this.#isExact = true
    this.#before = null
    this.#shownAt = null
    // What was shown stays until the other session is read: most of it is the same.
    const messages = sessionId === null ? [] : this.#state.messages
    this.#set({ ...emptyChat, sessionId, messages, isSending, isLoading: sessionId !== null && !messages[0] })
    if (this.#listeners.size > 0) this.#follow()
  }

  async #startStream(request: () => Promise<ChatStream>): Promise<void> {
    const key = this.#newSessionKey
    const start = request()
    this.#start = start
    this.#set({ ...this.#state, isSending: true })
    try {
      const stream = await this.#act(() => start)
      // Another chat was opened meanwhile.
      if (key !== this.#newSessionKey || stream.sessionId === this.#state.sessionId) return
      this.#show(stream.sessionId, true)
      this.#set({ ...this.#state, activeStream: stream })
    } finally {
      if (this.#start === start) {
        this.#start = null
        this.#set({ ...this.#state, isSending: false })
      }
    }
  }

  async #act<T>(action: () => Promise<T>): Promise<T> {
    if (this.#state.error) this.#set({ ...this.#state, error: null })
    try {
      return await action()
    } catch (error) {
      if (!isAbortError(error)) this.#set({ ...this.#state, error: toSegueError(error) })
      throw error
    }
  }

  #follow(): void {
    if (this.#following || this.#state.sessionId === null) return
    const following = new AbortController()
    this.#following = following
    if (this.#state.isLoading) void this.#restore(this.#state.sessionId)
    void this.#run(this.#state.sessionId, following.signal).catch((error: unknown) => {
      // Nobody listens any more, or the client is closed: that is no error.
      if (following.signal.aborted || isAbortError(error)) return
      this.#following = null
      this.#set({ ...this.#state, isLoading: false, activeStream: null, error: toSegueError(error) })
    })
  }

  #stopFollowing(): void {
    this.#following?.abort()
    this.#following = null
  }

  /** Reads the session and follows it, and again whenever what is shown is not valid any more. */
  async #run(firstSessionId: string, signal: AbortSignal): Promise<void> {
    let sessionId = firstSessionId
    let headSeq = -1
    while (!signal.aborted) {
      const last = Math.min(Math.max(this.#state.messages.length, this.#pageSize), maxPageSize)
      const read = await readChatSessionWithRetry(this.#client, { sessionId, isExact: this.#isExact, last, signal })
      const { chat } = read
      const isHermes = chat.origin === 'HERMES'
      // The log has ended, and no session continues it.
      const hasEnded = !isHermes && read.headSeq === headSeq && chat.sessionId === sessionId
      if (signal.aborted || hasEnded) return
      this.#isExact = true
      this.#before = read.before
      this.#shownAt = read.lastActivityAt
      sessionId = chat.sessionId ?? sessionId
      headSeq = read.headSeq
      const { isSending, error } = this.#state
      this.#set({ ...chat, isSending, error })
      // Hermes' sessions have no log.
      if (isHermes) await this.#waitForHermes(sessionId, read, signal)
      else sessionId = await this.#applyEvents(sessionId, headSeq, signal)
    }
  }

  /** Resolves to the session to read next: the same, or the one that continues it. */
  async #applyEvents(sessionId: string, after: number, signal: AbortSignal): Promise<string> {
    for await (const event of this.#client.followSession(sessionId, { after, signal })) {
      if (event.type === 'SessionContinued') return event.toId
      if (event.type === 'StreamReset') return sessionId
      this.#shownAt = Math.max(this.#shownAt ?? 0, event.at)
      this.#set(applyChatEvent(this.#state, event))
      if (event.type === 'StreamFinished' && event.message) void this.#readAlternatives(event.message.id, signal)
    }
    return sessionId
  }

  #waitForHermes(sessionId: string, { profile, lastActivityAt }: ReadChatSession, signal: AbortSignal): Promise<void> {
    const list = this.#client.conversations({ profile, ids: [sessionId] }, { pageSize: 1 })
    return waitForActivity(list, lastActivityAt, signal)
  }

  /** An answer that was made while it was shown has none yet. */
  async #readAlternatives(id: string, signal: AbortSignal): Promise<void> {
    const { streamId } = this.#state.messages.find((message) => message.id === id) ?? {}
    const isRetry = this.#state.messages.some((other) => other.streamId === streamId && other.alternatives.length > 1)
    if (!isRetry) return
    // Without them, the other tries cannot be reached until the chat is opened again.
    const alternatives = await readAlternatives(this.#client, id, signal).catch(() => [])
    if (signal.aborted) return
    const messages = this.#state.messages.map((message) => (message.id === id ? { ...message, alternatives } : message))
    this.#set({ ...this.#state, messages })
  }

  /** Shows what is stored while the session is read for the first time. */
  async #restore(sessionId: string): Promise<void> {
    const stored = this.#storage && (await readStoredChat(this.#storage, sessionId))
    const { isLoading, isSending, error, messages } = this.#state
    if (!stored || !isLoading || this.#state.sessionId !== sessionId || messages[0]) return
    this.#set({ ...stored, isLoading, isSending, error })
  }

  #set(state: LiveChatState): void {
    if (state === this.#state) return
    this.#state = state
    this.#listeners.notify()
    if (this.#storage) writeStoredChat(this.#storage, state)
  }
}
