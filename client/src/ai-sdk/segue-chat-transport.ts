import type { ChatTransport } from 'ai'
import { createLiveChatMessage } from '../live-chat/fold-live-chat-message.ts'
import { readChatSession } from '../live-chat/read-chat-session.ts'
import { readStreamedMessage } from '../live-chat/read-streamed-message.ts'
import { regenerate, type RetryChanges, startChat } from '../live-chat/start/start-stream.ts'
import type { ChatEvent } from '../model/chat-event.ts'
import type { ChatInput, SegueClient } from '../segue-client.ts'
import { SegueError } from '../segue-error.ts'
import { ChatSessions, toMessageKey } from './chat-sessions.ts'
import { unfollowed } from './followed-stream.ts'
import { parseRequestBody } from './request-body.ts'
import type { SegueUIMessage } from './ui-message/segue-ui-message.ts'
import { ShownAnswer } from './shown-answer.ts'
import { toOutgoingMessage } from './ui-message/to-outgoing-message.ts'
import { toReadableStream } from './to-readable-stream.ts'
import { toUIMessage } from './ui-message/to-ui-message.ts'
import { toUIMessages } from './ui-message/to-ui-messages.ts'
import type { SegueUIMessageChunk } from './ui-message/to-ui-message-chunks.ts'

export interface SegueChatTransportOptions {
  readonly client: SegueClient
  /** Default: `default`. */
  readonly profile?: string
  /** The system prompt of new chats. Default: that of the profile. */
  readonly instructions?: string
  /**
   * Whether an aborted request stops the answer. Default: false, because `useChat` aborts it when a page is left as well;
   * `useSegueChat().stop()` stops the answer.
   */
  readonly cancelOnAbort?: boolean
}

type SendOptions = Parameters<ChatTransport<SegueUIMessage>['sendMessages']>[0]
type ReconnectOptions = Parameters<ChatTransport<SegueUIMessage>['reconnectToStream']>[0]

/** A message that joins an answer. */
export type SteeringMessage = Pick<ChatInput, 'text' | 'files'>

/** What a call of the SDK says about the answer that it wants. */
interface AnswerRequest {
  readonly chatId: string
  readonly abortSignal?: AbortSignal | undefined
  readonly messages?: readonly SegueUIMessage[]
}

type ChunkStream = ReadableStream<SegueUIMessageChunk>

const maxMessages = 1000 // messages, the server's limit for one page

/**
 * Connects the AI SDK's `useChat` to Segue. The id of a chat is that of a session, or any text of up to 200 characters: then it
 * is the key of a session that is made with the first message, and that a page finds again by it after a reload.
 *
 * An answer goes on when a page is left, and is resumed with all that was said before. Where tools need an approval, the SDK's
 * stream ends; when all are answered, it goes on from there. What is sent with `steer` while an answer is made is a part of it. The `body` of a request may have `model`, `effort`, `ifBusy` and
 * `decision`, which is ONCE, SESSION or ALWAYS for tools that are allowed.
 */
export class SegueChatTransport implements ChatTransport<SegueUIMessage> {
  /** A resumed stream begins with its first event. */
  readonly resumeStreamIsReplay = true
  readonly #client: SegueClient
  readonly #sessions: ChatSessions
  readonly #cancelOnAbort: boolean
  readonly #shown = new Map<string, ShownAnswer>()
  /** The ids of users' messages on the server, by those that the SDK gave them. */
  readonly #messageIds = new Map<string, string>()

  constructor({ client, cancelOnAbort = false, ...newSession }: SegueChatTransportOptions) {
    this.#client = client
    this.#sessions = new ChatSessions(client, newSession)
    this.#cancelOnAbort = cancelOnAbort
  }

  readonly sendMessages = async (options: SendOptions): Promise<ChunkStream> => {
    const { trigger, chatId, messageId, messages, body } = options
    const last = messages.at(-1)
    if (last?.role === 'assistant' && trigger === 'submit-message') return this.#answerApprovals(options, last)
    if (last?.role !== 'user') throw new Error('There is no message to answer. Send one first.')
    const isNew = trigger === 'submit-message' && messageId === undefined
    const retried = isNew ? null : await this.#findUserMessage(chatId, last)
    const { model, effort, ifBusy } = parseRequestBody(body)
    const choice = { ...(model !== undefined && { model }), ...(effort !== undefined && { effort }) }
    const message = { ...toOutgoingMessage(last, this.#client), ...choice }
    if (retried === null) {
      const input = { ...message, key: toMessageKey(chatId, last.id), ...(ifBusy && { ifBusy }) }
      return this.#show(options, new ShownAnswer(), (signal) => this.#chat(chatId, input, signal))
    }
    const changes = trigger === 'submit-message' ? message : choice
    return this.#show(options, new ShownAnswer(), (signal) => this.#retry(retried, changes, signal))
  }

  readonly reconnectToStream = async (options: ReconnectOptions): Promise<ChunkStream | null> => {
    const { chatId } = options
    const shown = this.#shown.get(chatId)
    const session = await this.#sessions.find(chatId)
    // What was shown as running, or as waiting for an approval, may have ended since.
    const known = shown && !shown.isFinished ? shown.followed?.streamId : undefined
    const streamId = session?.activeStream?.id ?? known
    if (streamId === undefined) return null
    return this.#show(options, new ShownAnswer(), (signal) => this.#client.follow(streamId, { signal }))
  }

  /** The newest 1,000 messages of a chat; none if it has no session yet. */
  async loadMessages(chatId: string, signal: AbortSignal = new AbortController().signal): Promise<SegueUIMessage[]> {
    const session = await this.#sessions.find(chatId)
    if (!session) return []
    const { chat } = await readChatSession(this.#client, {
      sessionId: session.id,
      isExact: true,
      last: maxMessages,
      signal,
    })
    const { activeStream } = chat
    if (activeStream) {
      // It may have ended when the page asks to go on with it.
      const { id: streamId, status } = activeStream
      this.#shown.set(chatId, new ShownAnswer({ ...unfollowed, streamId, status }))
    } else if (this.#shown.get(chatId)?.isFinished) {
      this.#shown.delete(chatId)
    }
    return toUIMessages(chat.messages, this.#client.fileUrl)
  }

  /**
   * Sends a message that joins the answer of a chat: it becomes a part of the answer. Resolves to whether it joins the one that is
   * shown. Otherwise, because that has ended, it has an answer of its own: load the messages again.
   */
  async steer(chatId: string, message: SteeringMessage): Promise<boolean> {
    const sessionId = await this.#sessions.findOrCreate(chatId)
    const { id } = await startChat(this.#client, { ...message, sessionId, ifBusy: 'STEER' })
    const shown = this.#shown.get(chatId)
    return shown?.followed?.streamId === id && !shown.isFinished
  }

  /** Whether messages that were to join the answer that is shown have one of their own now: load the messages again. */
  hasFollowUp(chatId: string): boolean {
    const shown = this.#shown.get(chatId)
    return shown?.isFinished === true && shown.hasFollowUp
  }

  /**
   * Stops the answer of a chat, also one that the server has not accepted yet. Resolves to what was saved of it, or to null if
   * nothing was produced, or nothing runs.
   */
  async cancel(chatId: string): Promise<SegueUIMessage | null> {
    const shown = this.#shown.get(chatId)
    const shownId = shown && !shown.isFinished ? await shown.streamId.catch(() => undefined) : undefined
    const streamId = shownId ?? (await this.#sessions.find(chatId))?.activeStream?.id
    if (streamId === undefined) return null
    const { message } = await this.#client.cancel(streamId)
    const { message: shownMessage, steered } = shown?.followed ?? unfollowed
    const saved = message && { ...createLiveChatMessage(message), decisions: shownMessage?.decisions ?? {} }
    return saved && toUIMessage(saved, this.#client.fileUrl, steered)
  }

  /** Resolves when an answer that waits for an approval goes on, whoever gave it; to false if the signal is aborted before. */
  async waitForDecision(chatId: string, signal: AbortSignal): Promise<boolean> {
    const followed = this.#shown.get(chatId)?.followed
    if (!followed) return false
    const events = this.#client.follow(followed.streamId, { after: followed.cursor, signal })
    for await (const _ of events) return true
    return false
  }

  /** Sends the answers of a person to the approvals of a message, and goes on with its stream. */
  async #answerApprovals(options: SendOptions, message: SegueUIMessage): Promise<ChunkStream> {
    const { chatId, body } = options
    const { decision = 'ONCE' } = parseRequestBody(body)
    const known = this.#shown.get(chatId)?.followed
    const streamId = message.metadata?.streamId ?? known?.streamId
    if (typeof streamId !== 'string') throw new Error('The message is none of this chat. Load the messages again.')
    const isKnown = known?.streamId === streamId && known.message?.id === message.id
    const followed = isKnown ? known : await readStreamedMessage(this.#client, streamId)
    const { cursor: after } = followed
    for (const part of message.parts) {
      if (part.type !== 'dynamic-tool' || part.state !== 'approval-responded') continue
      const { id, approved, reason } = part.approval
      const answer = { decision: approved ? decision : ('DENY' as const), ...(reason !== undefined && { reason }) }
      await this.#client.answerApproval(id, answer).catch(ignoreStale)
    }
    return this.#show(options, new ShownAnswer(followed), (signal) => this.#client.follow(streamId, { after, signal }))
  }

  async *#chat(chatId: string, message: ChatInput, signal: AbortSignal): AsyncGenerator<ChatEvent, void> {
    const sessionId = await this.#sessions.findOrCreate(chatId)
    yield* this.#client.chat({ ...message, sessionId }, { signal })
  }

  async *#retry(messageId: string, changes: RetryChanges, signal: AbortSignal): AsyncGenerator<ChatEvent, void> {
    const { id } = await regenerate(this.#client, messageId, changes)
    yield* this.#client.follow(id, { signal })
  }

  /** Makes an answer the one that the chat shows. */
  #show(
    { chatId, abortSignal, messages = [] }: AnswerRequest,
    answer: ShownAnswer,
    follow: (signal: AbortSignal) => AsyncIterable<ChatEvent>,
  ): ChunkStream {
    this.#shown.set(chatId, answer)
    // Nobody waits for it who could be told.
    const cancel = (): void => {
      this.cancel(chatId).catch((error: unknown) => console.error('The answer cannot be stopped.', error))
    }
    if (this.#cancelOnAbort) abortSignal?.addEventListener('abort', cancel, { once: true })
    const sent = messages.at(-1)
    const onEvent = (event: ChatEvent): void => {
      if (event.type === 'StreamStarted' && sent?.role === 'user') this.#messageIds.set(sent.id, event.userMessage.id)
    }
    return toReadableStream((signal) => answer.toChunks(follow(signal), this.#client.fileUrl, onEvent), abortSignal)
  }

  /** The id on the server of a message that the SDK has. Null if the server never accepted it. */
  async #findUserMessage(chatId: string, { id, metadata }: SegueUIMessage): Promise<string | null> {
    const known = this.#messageIds.get(id)
    if (known !== undefined) return known
    return metadata?.sessionId === undefined ? this.#sessions.findMessage(chatId, id) : id
  }
}

/** The approval was answered elsewhere, or has expired: the events say how. */
function ignoreStale(error: unknown): void {
  if (!(error instanceof SegueError) || error.code !== 'STALE') throw error
}
