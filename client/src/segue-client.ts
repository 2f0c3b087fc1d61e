import type { ApprovalRule, ForgottenApproval } from './commands/approval-rule.ts'
import type { ConversationChanges, NewSession, SessionChanges, SessionDetails } from './commands/session-details.ts'
import type { UsageQuery, UsageSum } from './commands/usage-sum.ts'
import type { ApprovalDecision } from '../../src/model/decision.ts'
import type { JsonObject } from '../../src/lib/text/json.ts'
import type { ConnectionSnapshot } from './connection-monitor.ts'
import type { ConversationFilter, ConversationList } from './lists/conversation-list.ts'
import type { PendingDecisions } from './lists/pending-decisions.ts'
import type { SnapshotSource } from './lists/snapshot-store.ts'
import type { ChatEvent } from './model/chat-event.ts'
import type { Approval, Clarification } from './model/decision.ts'
import type { ChatMessage } from './model/message.ts'
import type { ChatStream } from './model/stream.ts'
import type { Token } from './connection/read-authorization.ts'
import type { ReconnectOptions } from './connection/reconnect-options.ts'

export interface SegueClientOptions {
  /** The server, such as `http://127.0.0.1:4000`, or its GraphQL endpoint. In a page, it may be relative to it. */
  readonly url: string
  /**
   * How events arrive. `ws`: over one WebSocket for all, with graphql-ws, which is loaded when it is first needed. `sse`:
   * one request for each subscription; browsers open only six to a server at a time over HTTP/1.1. Default: `ws` where
   * there is a WebSocket, else `sse`.
   */
  readonly transport?: 'ws' | 'sse'
  /**
   * Sent as `Authorization: Bearer …`, and over a WebSocket as `authorization` in `connection_init`. A function is called for
   * each request and each WebSocket. If it fails, it is called again with the next try; a `SegueError` that it throws ends
   * what needs the token, as a refusal does.
   */
  readonly token?: Token
  /** Default: the global one. */
  readonly fetch?: typeof fetch
  /** Default: the global one. Node 20 has none. No connection is made before a promise resolves, such as when a page is shown. */
  readonly webSocketImpl?: typeof WebSocket | Promise<typeof WebSocket>
  readonly reconnect?: Partial<ReconnectOptions>
  /** Called with each loss of the connection of an iteration, a list or a request: for a log. See `SegueClient.connection`. */
  readonly onConnectionLost?: (error: Error) => void
}

/** A file of a message, as it is sent. */
export interface UploadedFile {
  readonly name?: string
  readonly mediaType: string
  readonly url: string
}

export interface UploadOptions {
  /** Default: the name of the `File`. */
  readonly name?: string
  /** Whose messages can have it. Default: `default`. */
  readonly profile?: string
  readonly signal?: AbortSignal
}

/** A message to send, see `StreamChatInput` in the schema. */
export interface ChatInput {
  /** Left out: a new session is made. */
  readonly sessionId?: string
  /** May be empty if there are files. */
  readonly text: string
  /** What `upload` returns. `url` may also be a data URL, or an https URL of an image or a text. */
  readonly files?: readonly UploadedFile[]
  /** Default: the model of the session, else that of the server. */
  readonly model?: string
  /** The effort of reasoning: one of `Model.efforts`. Default: that of the session, else the model's own. */
  readonly effort?: string
  /** Of a new session. Default: `default`. */
  readonly profile?: string
  /** Default: a new UUID for each call of `chat`. Give one that you store to send the same message again after a reload. */
  readonly key?: string
  /**
   * If an answer is being made in the session: REJECT, the default, refuses with SESSION_BUSY; QUEUE waits for its end;
   * INTERRUPT stops it.
   */
  readonly ifBusy?: 'REJECT' | 'QUEUE' | 'INTERRUPT' | 'STEER'
}

/** What a queued message has in place of what it had. What is left out stays; an empty list takes the files away. */
export type QueuedMessageChanges = Partial<Pick<ChatInput, 'text' | 'files'>>

export interface LeaveOptions {
  /** Leaves when it is aborted: the iteration ends, without an error. The answer goes on. */
  readonly signal?: AbortSignal
}

export interface FollowOptions extends LeaveOptions {
  /** The seq of the last event that was received; 0, the default, for all events. */
  readonly after?: number
}

export interface FollowSessionOptions extends FollowOptions {
  /**
   * Whether to go on in the session that continues this one. Its events follow the `SessionContinued`, have its
   * `sessionId`, and are numbered from 1. Default: false; the iteration ends with `SessionContinued`.
   */
  readonly followContinuations?: boolean
}

export interface RequestOptions {
  /** Gives up waiting. The promise rejects with the reason of the signal. */
  readonly signal?: AbortSignal
  /** For a mutation, so that it is never done twice. Default: a new UUID for each call. */
  readonly key?: string
  /** True: the browser completes the request although the page is left meanwhile. For what is small. Default: false. */
  readonly keepalive?: boolean
}

/**
 * A GraphQL document with one operation: its text, or what code generators make of it. Those with types (`TypedDocumentNode`,
 * `TypedDocumentString`) give the types of the result and of the variables.
 */
export type GraphQLDocument<Result, Variables> =
  | string
  | { readonly kind?: string; readonly __apiType?: (variables: Variables) => Result }

export interface CancelResult {
  /** Of all calls for one stream, one is answered CANCELLED. ALREADY_FINISHED: it ended in another way before. */
  readonly outcome: 'CANCELLED' | 'ALREADY_CANCELLED' | 'ALREADY_FINISHED'
  readonly stream: ChatStream
  /** What was saved. Null if nothing was produced. */
  readonly message: ChatMessage | null
  /** The messages that were to join the answer and were withdrawn with it: give their text back to the composer. */
  readonly withdrawn: readonly ChatMessage[]
}

export interface ApprovalAnswer {
  readonly decision: ApprovalDecision
  /** A note. The model is told. */
  readonly reason?: string
  /** The tool runs with these in place of the model's arguments. */
  readonly arguments?: JsonObject
  /** With SESSION and ALWAYS: the arguments of the calls that are allowed from now on. `*` in a string is any text. */
  readonly pattern?: JsonObject
}

/** Exactly one of the three. */
export type ClarificationAnswer =
  | { readonly answer: string }
  | { readonly values: JsonObject }
  | { readonly decline: true }

/**
 * A client of one server. Nothing is sent before it is used, so it can be made where a page is rendered on a server.
 *
 * All iterations reconnect by themselves, for as long as it takes, and go on after the last event that was received. They
 * throw a `SegueError` if the server refuses them, which is never tried again. That the end of an answer cannot be stored is no
 * refusal for those that follow it: they go on when it can.
 */
export interface SegueClient {
  /** Whether the server can be reached: for a note on the page while the connection is lost. */
  readonly connection: SnapshotSource<ConnectionSnapshot>
  /**
   * Sends a message and yields the events of its answer, the last of which is its one `StreamFinished`. However often the
   * connection is lost, there is one answer. Leaving the iteration does not stop it: see `cancel`.
   */
  chat(input: ChatInput, options?: LeaveOptions): AsyncIterableIterator<ChatEvent>
  /** The events of a stream, up to its `StreamFinished`. Ends without one if the stream is deleted, or `after` is behind it. */
  follow(streamId: string, options?: FollowOptions): AsyncIterableIterator<ChatEvent>
  /** The events of a session, across its streams. Ends when it is continued by another one, or deleted. */
  followSession(sessionId: string, options?: FollowSessionOptions): AsyncIterableIterator<ChatEvent>
  /**
   * The folded message after each event; null until something is produced. An event that changes nothing yields the same
   * object again, and parts that have not changed are the same objects. See `foldChatEvent` for one event.
   */
  message(events: AsyncIterable<ChatEvent>): AsyncIterableIterator<ChatMessage | null>
  /** Stops a stream, or takes back a queued message. */
  cancel(streamId: string, options?: RequestOptions): Promise<CancelResult>
  answerApproval(id: string, answer: ApprovalAnswer, options?: RequestOptions): Promise<Approval>
  answerClarification(id: string, answer: ClarificationAnswer, options?: RequestOptions): Promise<Clarification>
  /** Changes a message that waits for its turn. Rejects with STALE once its turn has begun, as `moveQueued` and `sendQueued` do. */
  updateQueued(streamId: string, changes: QueuedMessageChanges, options?: RequestOptions): Promise<ChatStream>
  /** Moves a queued message before another one of its queue; null, to the end. Resolves to the ids of the queue in order. */
  moveQueued(streamId: string, before: string | null, options?: RequestOptions): Promise<readonly string[]>
  /** Starts the turn of a queued message now, and stops the answer that is being made. */
  sendQueued(streamId: string, options?: RequestOptions): Promise<ChatStream>
  /** Takes a message back that waits to join an answer. Rejects with STALE once it does not wait any more. */
  withdraw(messageId: string, options?: RequestOptions): Promise<ChatMessage>
  /** Makes a session, with instructions, a model and an effort of its own, for example. */
  createSession(session?: NewSession, options?: RequestOptions): Promise<SessionDetails>
  /** Changes the settings of a session of Segue's. */
  updateSession(id: string, changes: SessionChanges, options?: RequestOptions): Promise<SessionDetails>
  /** The settings of a session, and the size of its context. Null if there is no such session. */
  session(id: string, options?: RequestOptions): Promise<SessionDetails | null>
  /** Names, pins or archives a conversation, also one of Hermes. */
  updateConversation(id: string, changes: ConversationChanges, options?: RequestOptions): Promise<void>
  /** Deletes all sessions of a conversation. */
  deleteConversation(id: string, options?: RequestOptions): Promise<void>
  /**
   * Marks a conversation as read, for all devices, up to a time that the server sent (in epoch milliseconds, such as the
   * `lastActivityAt` of its row); without one, up to now. A mark never goes back. Following an answer to its end does not mark.
   */
  markRead(conversationId: string, at?: number | null, options?: RequestOptions): Promise<void>
  /** What a profile has used, largest first: by cost where there is one, else by tokens. */
  usage(query?: UsageQuery, options?: RequestOptions): Promise<readonly UsageSum[]>
  /** What is allowed in a profile without being asked, newest first. Default: the profile `default`. */
  approvalRules(profile?: string, options?: RequestOptions): Promise<readonly ApprovalRule[]>
  /** Has a tool ask again. Resolves to the rules that are left in the profile. */
  forgetApproval(rules: ForgottenApproval, options?: RequestOptions): Promise<readonly ApprovalRule[]>
  /** The absolute URL of a file of this server, for `<img>` and links. Any other URL is returned as it is. */
  fileUrl(url: string): string
  /**
   * Stores a file that messages can have: an image, a document or a text. The server converts what models cannot read. The
   * result can be sent with messages for a day, and its `url` can be shown. Rejects with BAD_USER_INPUT and TOO_LARGE.
   */
  upload(file: Blob, options?: UploadOptions): Promise<UploadedFile>
  /** The bytes of a file of this server: the `url` of a part, or of a file in a tool's result. Refuses URLs of others. */
  file(url: string, options?: { readonly signal?: AbortSignal }): Promise<Blob>
  /**
   * The data of a query or a mutation. It is sent again if the connection is lost, a mutation with the same key. Rejects
   * with a `SegueError` if the response has errors.
   */
  request<Result = unknown, Variables = Record<string, unknown>>(
    document: GraphQLDocument<Result, Variables>,
    variables?: Variables,
    options?: RequestOptions,
  ): Promise<Result>
  /**
   * The data of each event of a subscription that the other methods have not. After a loss of the connection it is sent
   * again with the same variables, so that events may come again: give those that say from when on, such as `finishedSince`.
   */
  subscribe<Result = unknown, Variables = Record<string, unknown>>(
    document: GraphQLDocument<Result, Variables>,
    variables?: Variables,
    options?: LeaveOptions,
  ): AsyncIterableIterator<Result>
  /** A live list of conversations. */
  conversations(filter?: ConversationFilter, options?: { readonly pageSize?: number }): ConversationList
  /** Everything that waits for a person in a profile. */
  decisions(options?: { readonly profile?: string }): PendingDecisions
  /**
   * Ends all iterations and lists, and closes the connection. Requests that are under way, and later ones, reject with an
   * `AbortError`; what one of them asked for may have been done.
   */
  close(): void
}
