import type { ModelMessage } from 'ai'
import type { Json } from '../lib/json.ts'
import type { StreamErrorCode } from '../model/stream.ts'
import type { Usage } from '../model/usage.ts'

/** What an agent is asked to do: go on from the history until the answer is whole or the signal says stop. */
export interface AgentRun {
  /** The model's name at its provider, without the provider's. */
  readonly model: string
  /**
   * What the model is to be sent now, from the log alone: it ends with the user's message or, once the answer has tool
   * calls, with their results. Called once before each step.
   */
  history(): Promise<readonly ModelMessage[]>
  /**
   * Resolves once all that the agent yielded is saved and a person has decided, where the call waits for that. True:
   * the call is to be done now. False: there is nothing to do, it was not allowed, was answered, or the stream is over.
   */
  waitForPermission(callId: string): Promise<boolean>
  /** Whether a person has said before that this tool need not ask. */
  isToolGranted(tool: string): Promise<boolean>
  /** Aborted when the stream has ended in another way; what the agent yields after that is refused. */
  readonly signal: AbortSignal
}

/**
 * One thing that an agent did. `block` is the agent's own name for a stretch of text: a change of it begins a new part.
 * `callId` is the model's name for a tool call, unique within one step.
 */
export type AgentEvent =
  /** A request to the model begins, with about this many tokens going in. */
  | { readonly type: 'step'; readonly estimatedInputTokens: number }
  | { readonly type: 'text'; readonly block: string; readonly text: string }
  | { readonly type: 'reasoning'; readonly block: string; readonly text: string }
  /** A piece of a tool call's arguments; the first one may be empty. */
  | { readonly type: 'tool-input'; readonly callId: string; readonly name: string; readonly text: string }
  /** The call is whole; `argumentsText` is all of it. It runs from now on, unless a gate is before it. */
  | {
      readonly type: 'tool-call'
      readonly callId: string
      readonly name: string
      readonly argumentsText: string
      readonly gate?: ToolGate
    }
  /** `file`: the hash of the kept file that holds it whole, where `result` or `error` is only its beginning. */
  | { readonly type: 'tool-result'; readonly callId: string; readonly result: Json; readonly fileHash?: string }
  | { readonly type: 'tool-error'; readonly callId: string; readonly error: string; readonly fileHash?: string }
  /** The provider's figures for the step that ends with this. */
  | { readonly type: 'usage'; readonly usage: Usage }

/** What is before a call: a person who decides, within so many milliseconds, or a rule that has decided already. */
export type ToolGate =
  | { readonly type: 'approval'; readonly description: string; readonly timeoutMs: number }
  /** The call is itself a question: its answer is the result. */
  | {
      readonly type: 'question'
      readonly question: string
      readonly choices: readonly string[]
      readonly timeoutMs: number
    }
  | { readonly type: 'denied'; readonly reason: string }

/** A text that is to be written about a chat. */
export interface GenerateTextRequest {
  readonly model: string
  /** The chat, as a model is sent it. */
  readonly messages: readonly ModelMessage[]
  readonly signal: AbortSignal
}

export interface GeneratedText {
  readonly text: string
  readonly usage: Usage
}

/** What writes about chats: the model that answers in them, usually. */
export interface TextGenerator {
  /** A summary that can stand for the chat. Throws an `AgentError`. */
  generateSummary(run: GenerateTextRequest): Promise<GeneratedText>
  /** A title of a few words; null when it has none. Throws an `AgentError`. */
  generateTitle(run: GenerateTextRequest): Promise<GeneratedText | null>
}

/**
 * What makes the events of a stream. It returns when the answer is whole and throws an `AgentError` when it can't be;
 * any other error counts as PROVIDER, with its text kept from clients.
 */
export interface Agent {
  answer(run: AgentRun): AsyncIterable<AgentEvent>
}

/** Why an answer could not be finished. The message is written for the person who waits; it holds no secret. */
export class AgentError extends Error {
  override readonly name = 'AgentError'
  readonly code: StreamErrorCode

  constructor(code: StreamErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
