import type { ChatCompletionPiece } from './chat-completion-piece.ts'
import { mergeOpaqueStateField } from '../../state/merge-opaque-state-field.ts'
import { opaqueProviderFieldsSchema, type OpaqueProviderFields } from '../../state/part-opaque-state.ts'
import type { UnknownRecord } from '../response-values.ts'

/**
 * Collects what a provider wants back from the pieces of one chat completion. The pieces have the fields of all dialects, because
 * gateways pass on what others send.
 */
export class OpaqueStateCollector {
  #reasoningField: string | null = null
  readonly #message: OpaqueProviderFields = {}
  /** By the index of the call. */
  readonly #calls = new Map<number, OpaqueProviderFields>()

  read(piece: ChatCompletionPiece): void {
    switch (piece.type) {
      case 'reasoning':
        this.#reasoningField = piece.field ?? this.#reasoningField
        return
      case 'state':
        return addFields(this.#message, piece.fields)
      case 'tool-calls':
        for (const { index, fields } of piece.calls) {
          const state = this.#calls.get(index) ?? {}
          this.#calls.set(index, state)
          addFields(state, fields)
        }
    }
  }

  /** The field that had the newest reasoning. */
  get reasoningField(): string | null {
    return this.#reasoningField
  }

  /** The state of the message; null if it has none. */
  get messageState(): OpaqueProviderFields | null {
    return toNullIfEmpty(this.#message)
  }

  /** The state of a tool call; null if it has none. */
  findToolCallState(index: number): OpaqueProviderFields | null {
    return toNullIfEmpty(this.#calls.get(index) ?? {})
  }
}

function addFields(state: OpaqueProviderFields, fields: UnknownRecord): void {
  const { data: pieces = {} } = opaqueProviderFieldsSchema.safeParse(fields)
  for (const [name, piece] of Object.entries(pieces)) state[name] = mergeOpaqueStateField(state[name], piece)
}

function toNullIfEmpty(fields: OpaqueProviderFields): OpaqueProviderFields | null {
  return Object.keys(fields).length > 0 ? fields : null
}
