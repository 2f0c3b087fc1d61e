import type { Json, JsonObject } from '../../lib/text/json.ts'
import type { StoreFile } from '../produced-file.ts'

export type { JsonObject } from '../../lib/text/json.ts'

/** What a tool asks the user while it runs. */
export interface ToolQuestion {
  readonly question: string
  /** Suggested answers. */
  readonly choices: readonly string[]
  /** JSON Schema of the values that are asked for, of type object. Null if the answer is a text. */
  readonly form: JsonObject | null
}

/** How the user has reacted. `values`: null unless there was a form. */
export type ToolQuestionAnswer =
  | { readonly type: 'answered'; readonly text: string; readonly values: JsonObject | null }
  | { readonly type: 'declined' }
  /** Nobody answered in time, or the call is over. */
  | { readonly type: 'cancelled' }

/** What a tool is given besides its input. */
export interface ToolExecutionContext {
  /** Stores a file of the result. Rejects with a ToolError. */
  readonly storeFile: StoreFile
  /** Aborts when the call has taken too long or its answer has ended. */
  readonly signal: AbortSignal
  /** Reports that the tool is at work, which restarts its timeout. */
  readonly onProgress: () => void
  /** Asks the user a question, and waits for the answer, which does not count as time of the tool. Never rejects. */
  readonly askUser: (question: ToolQuestion) => Promise<ToolQuestionAnswer>
}

/** A tool that models can call. */
export interface Tool {
  /** `<server>__<tool>`: up to 64 characters that every provider accepts. */
  readonly name: string
  readonly description: string
  /** A JSON Schema of type object. */
  readonly inputSchema: JsonObject
  /** Whether the tool claims to change nothing. */
  readonly isReadOnly: boolean
  /** Runs the tool. Rejects with a ToolError whose message is for the model, or when the signal aborts. */
  execute(input: JsonObject, context: ToolExecutionContext): Promise<Json>
}

/** A failure of a tool. The model and users see its message; of any other error they see none of the text. */
export class ToolError extends Error {
  override readonly name = 'ToolError'
}
