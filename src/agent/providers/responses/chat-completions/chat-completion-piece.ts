import type { NumericFields, UnknownRecord } from '../response-values.ts'

/** A piece of one tool call. */
export interface ToolCallPiece {
  /** The same for all pieces of a call, from 0. */
  readonly index: number
  /** Only in the first piece. */
  readonly id?: string
  /** Only in the piece in which it came. */
  readonly name?: string
  readonly argumentsText: string
  /** Fields that the provider wants back. */
  readonly fields: UnknownRecord
}

/** What a chat completion consists of, whatever the form in which a server sends it. */
export type ChatCompletionPiece =
  | { readonly type: 'text'; readonly text: string }
  /** `field`: where the text was, which is where the provider wants it back. Null if it was no field of its own. */
  | { readonly type: 'reasoning'; readonly text: string; readonly field: string | null }
  | { readonly type: 'tool-calls'; readonly calls: readonly ToolCallPiece[] }
  /** As the provider sent them. */
  | { readonly type: 'images'; readonly images: readonly unknown[] }
  /** Fields of the message that the provider wants back. */
  | { readonly type: 'state'; readonly fields: UnknownRecord }
  | { readonly type: 'usage'; readonly usage: NumericFields }
  /** The end, with the provider's own reason. */
  | { readonly type: 'finish'; readonly reason: string }
