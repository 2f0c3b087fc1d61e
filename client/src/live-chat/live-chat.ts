import type {
  ApprovalAnswer,
  ChatInput,
  ClarificationAnswer,
  QueuedMessageChanges,
  SegueClient,
} from '../segue-client.ts'
import { ListenerSet } from '../lists/listener-set.ts'
import type { SnapshotSource } from '../lists/snapshot-store.ts'
import { SegueError } from '../segue-error.ts'
import type { ChatStream } from '../model/stream.ts'
import { applyChatEvent } from './apply-chat-event.ts'
import { getWritableSession } from './get-writable-session.ts'
import { emptyChat, type LiveChatState } from './live-chat-state.ts'
import {
  readAlternatives,
  type ReadChatOptions,
  type ReadChatSession,
  readChatSession,
  readEarlierMessages,
} from './read-chat-session.ts'
import { regenerate, type RetryChanges, startChat } from './start-stream.ts'
import { waitForActivity } from './wait-for-activity.ts'

const defaultPageSize = 50 // messages
const maxPageSize = 1000 // messages, the server's limit

export interface LiveChatOptions {
  /** Any session of a conversation, of which the newest one is shown. Null for a new chat. */
  readonly sessionId: string | null
  /** The profile of a new chat. Default: `default`. */
  readonly profile?: string
  /** How many messages are read at once, 1 to 1,000. Default: 50. */
  readonly pageSize?: number
}

/** A message to send. */
export type OutgoingMessage = Pick<ChatInput, 'text' | 'files' | 'model' | 'effort' | 'ifBusy'>

/**
 * A chat as a page shows it: it reads the messages, follows the events, and goes on in the session that continues the one
 * that it shows. It starts with its first subscriber and stops when the last one leaves; answers go on without it.
 *
 * The actions reject with a `SegueError` if the server refuses them, which is then the `error` of the snapshot as well.
 */
export class LiveChat implements SnapshotSource<LiveChatState> {
  readonly #client: SegueClient
  readonly #profile: string | undefined
  readonly #pageSize: number
  readonly #listeners = new ListenerSet(
    () => this.#follow(),
    () => this.#stopFollowing(),
  )
  #state: LiveChatState
  /** Whether the session itself is shown, or the newest one of its conversation. */
  #isExact = false
  #before: string | null = null
  #following: AbortController | null = null
  #start: Promise<ChatStream> | null = null

  constructor(client: SegueClient, { sessionId, profile, pageSize = defaultPageSize }: LiveChatOptions) {
    this.#client = client
    this.#profile = profile
    this.#pageSize = pageSize
    this.#state = { ...emptyChat, sessionId, isLoading: sessionId !== null }
  }

  readonly subscribe = this.#listeners.add

  readonly getSnapshot = (): LiveChatState => this.#state

  /** Sends a message. Resolves when the server has accepted it. */
  readonly send = async (message: OutgoingMessage): Promise<void> => {
    const { sessionId: id, origin } = this.#state
    const profile = this.#profile
    await this.#startStream(async () => {
      const place =
        id === null
          ? { ...(profile !== undefined && { profile }) }
          : { sessionId: await getWritableSession(this.#client, { id, origin }) }
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

  /** Stops the answer that is being made, also one that the server has not accepted yet. */
  readonly stop = async (): Promise<void> => {
    await this.#act(async () => {
      const stream = (await this.#start?.catch(() => null)) ?? this.#state.activeStream
      if (stream) await this.#client.cancel(stream.id)
    })
  }

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
    if (sessionId === this.#state.sessionId) return
    this.#stopFollowing()
    this.#isExact = true
    this.#before = null
    const { messages, isSending } = this.#state
    // What was shown stays until the other session is read: most of it is the same.
    const shown = sessionId === null ? [] : messages
    this.#set({ ...emptyChat, sessionId, messages: shown, isSending, isLoading: sessionId !== null && !shown[0] })
    if (this.#listeners.size > 0) this.#follow()
  }

  async #startStream(request: () => Promise<ChatStream>): Promise<void> {
    this.#set({ ...this.#state, isSending: true })
    try {
      const start = request()
      this.#start = start
      const stream = await this.#act(() => start)
      if (stream.sessionId === this.#state.sessionId) return
      this.open(stream.sessionId)
      this.#set({ ...this.#state, activeStream: stream })
    } finally {
      this.#start = null
      this.#set({ ...this.#state, isSending: false })
    }
  }

  async #act<T>(action: () => Promise<T>): Promise<T> {
    if (this.#state.error) this.#set({ ...this.#state, error: null })
    try {
      return await action()
    } catch (error) {
      this.#set({ ...this.#state, error: toError(error) })
      throw error
    }
  }

  #follow(): void {
    if (this.#following || this.#state.sessionId === null) return
    const following = new AbortController()
    this.#following = following
    void this.#run(this.#state.sessionId, following.signal).catch((error: unknown) => {
      // Nobody listens any more, or the client is closed: that is no error.
      if (following.signal.aborted || (error instanceof Error && error.name === 'AbortError')) return
      this.#following = null
      this.#set({ ...this.#state, isLoading: false, activeStream: null, error: toError(error) })
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
      const read = await this.#read({ sessionId, isExact: this.#isExact, last, signal })
      const { chat } = read
      const isHermes = chat.origin === 'HERMES'
      // The log has ended, and no session continues it.
      const hasEnded = !isHermes && read.headSeq === headSeq && chat.sessionId === sessionId
      if (signal.aborted || hasEnded) return
      this.#isExact = true
      this.#before = read.before
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

  /** Reads the session, for as long as it takes. */
  async #read(options: ReadChatOptions): Promise<ReadChatSession> {
    for (;;) {
      try {
        return await readChatSession(this.#client, options)
      } catch (error) {
        if (!(error instanceof SegueError) || error.code !== 'CONNECTION_LOST') throw error
      }
    }
  }

  #set(state: LiveChatState): void {
    if (state === this.#state) return
    this.#state = state
    this.#listeners.notify()
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new SegueError('INTERNAL', String(error))
}
