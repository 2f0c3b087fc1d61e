import type { ModelMessage } from 'ai'
import type { Json, StreamErrorCode, Usage } from '../storage/records.ts'

/** What an agent is asked to do: go on from the history until the answer is whole or the signal says stop. */
export interface AgentRun {
  /** The model's name at its provider, without the provider's. */
  readonly model: string
  /**
   * What the model is to be sent now, from the log alone: it ends with the user's message or, once the answer has tool
   * calls, with their results. Called once before each step.
   */
  history(): Promise<readonly ModelMessage[]>
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
  /** The call is whole; `argumentsText` is all of it. */
  | { readonly type: 'tool-call'; readonly callId: string; readonly name: string; readonly argumentsText: string }
  | { readonly type: 'tool-result'; readonly callId: string; readonly result: Json }
  | { readonly type: 'tool-error'; readonly callId: string; readonly error: string }
  /** The provider's figures for the step that ends with this. */
  | { readonly type: 'usage'; readonly usage: Usage }

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

/** About how many tokens a text has where no provider told: four UTF-16 code units each, rounded up. */
export function estimateTokens(codeUnits: number): number {
  return Math.ceil(codeUnits / 4)
}
