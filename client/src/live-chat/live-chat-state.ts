import type { Origin } from '../../../src/model/session.ts'
import type { ChatStream } from '../model/stream.ts'
import type { SegueError } from '../segue-error.ts'
import type { LiveChatMessage } from './live-chat-message.ts'
import type { SessionContext } from '../model/session-context.ts'

/** A message that waits for its turn. */
export interface QueuedMessage {
  readonly stream: ChatStream
  readonly message: LiveChatMessage
}

/** What a page shows of a chat. Objects that an event does not change stay the same. */
export interface LiveChatState {
  /** The session that is shown. Null before the first message of a new chat. It changes when the chat goes on in another one. */
  readonly sessionId: string | null
  readonly conversationId: string | null
  /** The profile of the session. Null until it was read, and before the first message. */
  readonly profile: string | null
  readonly title: string | null
  readonly model: string | null
  /** Of reasoning. Null: the model's own default. */
  readonly effort: string | null
  /** The size of what the model would be sent next. Null where nothing is sent from, and before the first message. */
  readonly context: SessionContext | null
  /** HERMES: of an agent whose files Segue only reads. What is sent goes on in a session of Segue's. */
  readonly origin: Origin
  /** In the order in which they are shown, those of the sessions before this one included. */
  readonly messages: readonly LiveChatMessage[]
  /** There are older messages: see `loadEarlier`. */
  readonly hasEarlier: boolean
  /** The stream that runs, or waits for a person. */
  readonly activeStream: ChatStream | null
  /** Messages that wait for their turn, in the order in which they will have it. */
  readonly queue: readonly QueuedMessage[]
  /** Messages that wait to join the answer, in the order in which they were accepted. */
  readonly steering: readonly LiveChatMessage[]
  /** The session is being summarised, and busy meanwhile. */
  readonly compacting: boolean
  /** The messages were not read yet. */
  readonly isLoading: boolean
  /** A message is on its way: the server has not accepted it yet. */
  readonly isSending: boolean
  /** What the server refused last: the chat itself, or an action. Null again with the next action. */
  readonly error: SegueError | null
}

export const emptyChat: LiveChatState = {
  sessionId: null,
  conversationId: null,
  profile: null,
  title: null,
  model: null,
  effort: null,
  context: null,
  origin: 'SEGUE',
  messages: [],
  hasEarlier: false,
  activeStream: null,
  queue: [],
  steering: [],
  compacting: false,
  isLoading: false,
  isSending: false,
  error: null,
}
