import type { ModelMessage } from 'ai'
import type { Json, JsonObject } from '../lib/text/json.ts'
import type { OpaqueProviderState } from '../model/message.ts'
import type { FinishReason, StreamErrorCode } from '../model/stream.ts'
import type { ReportedUsage, Usage } from '../model/usage.ts'
import type { ContentOmissions } from './content-omissions.ts'
import type { StoreFile } from './produced-file.ts'
import type { ToolQuestion, ToolQuestionAnswer } from './tools/tool.ts'

/** One answer that an agent generates: from the history until the answer is complete or the signal aborts. */
export interface AgentRun {
  /** The name of the model, without its provider. */
  readonly model: string
  /** The effort of reasoning that is asked for. Null or left out: the model's own default. */
  readonly effort?: string | null
  /**
   * Returns what to send to the model now, computed from the log alone. It ends with the user's message or, once the
   * answer has tool calls, with their results. Called before each step, and again if the provider refuses the request.
   * Rejects with a CONTEXT_LENGTH error if the user's message alone is too long.
   */
  loadHistory(request?: ModelHistoryRequest): Promise<readonly ModelMessage[]>
  /**
   * Waits until all yielded events are committed and, if the call has a gate, until it is resolved. Resolves to null if the
   * call shall not run: it was denied or answered, or the stream has ended.
   */
  waitForPermission(callId: string): Promise<PermittedToolCall | null>
  /** Stores a file of the answer. */
  readonly storeFile: StoreFile
  /** Asks the user a question of a tool whose call runs. The call goes on running, whatever the answer is. */
  askUser(callId: string, question: ToolQuestion, timeoutMs: number): Promise<ToolQuestionAnswer>
  /** Whether a user has allowed such calls of this tool, so that they need no approval. */
  isCallAllowed(tool: string, callArguments: JsonObject): Promise<boolean>
  /** Whether a budget is used up, so that the next request has to be the last one. Asked before each but the first. */
  isBudgetUsedUp?(): Promise<boolean>
  /**
   * Whether a message of the user waits to join the answer: the next history has it. An agent that would end its answer has
   * one more step then, if its limits allow.
   */
  hasPendingSteering(): boolean
  /**
   * Resolves when the next commit is due: at once, or after some milliseconds under load. An agent that waits for it before it
   * reads more of a response handles in one go what has come meanwhile. Default: at once.
   */
  waitUntilCommitIsDue?(): Promise<void>
  /** Aborts when the stream has ended in another way. Events that the agent yields after that are rejected. */
  readonly signal: AbortSignal
}

/** What the history for one request may contain. Counts are in tokens of the model. */
export interface ModelHistoryRequest {
  /** What the request has beside the messages: tools, and notes about them. Default: 0. */
  readonly reservedTokens?: number
  /** The window for the whole request and the answer, if a refusal has shown another one than the model's. */
  readonly contextWindow?: number
  /** What is left out of it. Default: what the model's provider is known to refuse. */
  readonly omissions?: ContentOmissions
}

/** A call may run now. */
export interface PermittedToolCall {
  /** What the tool shall run with in place of the model's arguments; null if no person has changed them. */
  readonly changedArguments: JsonObject | null
}

/** A complete tool call of a model. */
export interface ToolCallRequest extends GeneratedContent {
  /** The model's id of the call, unique within one step. */
  readonly callId: string
  readonly name: string
  /** JSON text. It may be empty or invalid. */
  readonly argumentsText: string
}

interface GeneratedContent {
  /** State of the provider that belongs to the block or call. An event without text can add it to the block before it. */
  readonly providerState?: OpaqueProviderState
}

/**
 * One event of an agent. `block` is the agent's name for a run of text: when it changes, a new part begins. `callId` is
 * the model's id of a tool call, unique within one step.
 */
export type AgentEvent =
  /**
   * A request to the model begins. `replacesRefused`: in place of the last one, which was refused and costs nothing.
   * `purpose`: default ANSWER. Only requests for an answer are steps of it.
   */
  | {
      readonly type: 'step'
      readonly estimatedInputTokens: number
      readonly replacesRefused?: true
      readonly purpose?: 'ANSWER' | 'SUMMARY'
    }
  /** The provider has asked to be asked again at this time, in epoch milliseconds. The step waits until then. */
  | { readonly type: 'retry-wait'; readonly retryAt: number }
  | (GeneratedContent & { readonly type: 'text'; readonly block: string; readonly text: string })
  | (GeneratedContent & { readonly type: 'reasoning'; readonly block: string; readonly text: string })
  /** All text of the step so far is reasoning, which was not known before. */
  | { readonly type: 'text-was-reasoning' }
  /** A file that the model has generated, complete. `url` is https, or that of a stored file (blob-url.ts). */
  | { readonly type: 'file'; readonly mediaType: string; readonly name: string | null; readonly url: string }
  /** A piece of the arguments of a tool call. The first piece may be empty. */
  | { readonly type: 'tool-input'; readonly callId: string; readonly name: string; readonly text: string }
  /** A call is complete. It runs from now on, unless it has a gate. */
  | ({ readonly type: 'tool-call'; readonly gate?: ToolCallPrecondition } & ToolCallRequest)
  /** `fileHash`: hash of the file with the complete result, if `result` or `error` is truncated. */
  | ({ readonly type: 'tool-result'; readonly callId: string } & ToolResultFields)
  | { readonly type: 'tool-error'; readonly callId: string; readonly error: string; readonly fileHash?: string }
  /**
   * Why the model stopped, in this step. It comes before the usage. The last one of an answer counts; without any, it is
   * STOP. A step that was cut off has none.
   */
  | { readonly type: 'finish'; readonly reason: FinishReason }
  /** The provider's token counts for the step, which ends with this event. Counts that it did not send are null. */
  | { readonly type: 'usage'; readonly usage: ReportedUsage }

/** `blobHashes`: hashes of the stored files whose URLs are in `result`. */
interface ToolResultFields {
  readonly result: Json
  readonly fileHash?: string
  readonly blobHashes?: readonly string[]
}

/** What must happen before a call runs. Timeouts are in milliseconds. */
export type ToolCallPrecondition =
  /** A person decides. */
  | {
      readonly type: 'approval'
      readonly description: string
      /** The JSON Schema of the arguments that a person may put in place of the model's. */
      readonly inputSchema: JsonObject
      readonly timeoutMs: number
    }
  /** The call is a question to the user, and the answer is its result. */
  | {
      readonly type: 'question'
      readonly question: string
      readonly choices: readonly string[]
      readonly timeoutMs: number
    }
  /** A rule of the configuration forbids the call. */
  | { readonly type: 'denied'; readonly reason: string }

/** A request for a title of a chat. */
export interface GenerateTitleRequest {
  readonly model: string
  /** The chat, as models receive it. */
  readonly messages: readonly ModelMessage[]
  readonly signal: AbortSignal
}

/** What one request for a summary costs: it begins, waits, and ends with the tokens that it used. */
export type SummaryUsageEvent = Extract<AgentEvent, { readonly type: 'step' | 'retry-wait' | 'usage' }>

/** A request for a summary of a part of a chat, together with the summary of what was said before it. */
export interface GenerateSummaryRequest {
  readonly model: string
  /** Null if the part is the beginning of the chat. */
  readonly previousSummary: string | null
  /** What was said, in paragraphs that begin with who speaks. Empty: the previous summary is to be shortened. */
  readonly paragraphs: readonly string[]
  /** How long the summary may be, in tokens. Models are told, but not all obey. */
  readonly maxTokens: number
  /** An answer waits for the summary. Default: the requests of answers go first. */
  readonly isUrgent?: boolean
  readonly signal: AbortSignal
  /** Each request to a model yields a `step` and, if it succeeds, its `usage`. */
  readonly onEvent?: (event: SummaryUsageEvent) => void
}

/** A text, and what it took. */
export interface GeneratedText {
  readonly text: string
  readonly usage: Usage
}

/** Writes texts about chats. All methods reject with an AgentError. */
export interface SummaryAndTitleGenerator {
  /**
   * Writes a summary that can replace the chat in requests to a model. Rejects with CONTEXT_LENGTH if the previous summary
   * and the paragraphs are too long for one request.
   */
  generateSummary(request: GenerateSummaryRequest): Promise<GeneratedText>
  /** Writes a title of a few words; null if this generator has no titles. */
  generateTitle(request: GenerateTitleRequest): Promise<GeneratedText | null>
}

/** Generates answers. */
export interface Agent {
  /**
   * Yields the events of one answer, and returns when it is complete. Throws an AgentError if it cannot be completed.
   * Clients see any other error as PROVIDER, without its text.
   */
  answer(run: AgentRun): AsyncIterable<AgentEvent>
}

/** The reason why an answer failed. The message is shown to users and contains no secrets. */
export class AgentError extends Error {
  override readonly name = 'AgentError'
  readonly code: StreamErrorCode
  /** The request has no chance before this time, in epoch milliseconds. Null if nothing is known. */
  readonly retryAt: number | null

  constructor(code: StreamErrorCode, message: string, options: ErrorOptions & { retryAt?: number | null } = {}) {
    super(message, options)
    this.code = code
    this.retryAt = options.retryAt ?? null
  }
}
