import type { OpaqueProviderState } from '../../../model/message.ts'
import {
  openAICompatibleOptionsKey,
  type PartProviderOptions,
  providerMetadataToOptions,
  parseOpaqueProviderState,
  toStoredOpaqueState,
} from '../../providers/state/part-opaque-state.ts'
import { readOpaqueStateMetadata } from '../../providers/state/opaque-state-metadata.ts'

interface ReasoningBlock {
  options: PartProviderOptions
  textField: string | undefined
  hasText: boolean
}

/** What an event carries. */
export interface EventOpaqueState {
  readonly providerState?: OpaqueProviderState
}

/**
 * Follows the state of the provider in the parts of one step, and says which event carries what. State of a block without
 * text, such as redacted thoughts, goes to the next part.
 */
export class OpaqueProviderStateTracker {
  readonly #blocks = new Map<string, ReasoningBlock>()
  #before: PartProviderOptions[] = []

  /** A block of reasoning begins, goes on or ends, with this metadata of the SDK. */
  addToReasoning(id: string, providerMetadata: unknown): void {
    const { textField } = readOpaqueStateMetadata(providerMetadata)
    const block = this.#getBlock(id)
    block.options = { ...block.options, ...providerMetadataToOptions(providerMetadata) }
    block.textField ??= textField
  }

  /** The state for a piece of text of a block of reasoning. */
  takeForReasoning(id: string): EventOpaqueState {
    const block = this.#getBlock(id)
    const isFirst = !block.hasText
    block.hasText = true
    return this.#takeBefore({ textField: isFirst ? block.textField : undefined })
  }

  /** The state for the end of a block of reasoning; null if it has none, or no part that could have it. */
  endReasoning(id: string): EventOpaqueState | null {
    const { options, hasText } = this.#getBlock(id)
    this.#blocks.delete(id)
    if (Object.keys(options).length === 0) return null
    if (hasText) return toStoredOpaqueState({ options })
    this.#before.push(options)
    return null
  }

  /** The state for a piece of text. */
  takeForText(): EventOpaqueState {
    return this.#takeBefore({})
  }

  /** The state for a tool call, with the metadata of its part. */
  takeForToolCall(providerMetadata: unknown): EventOpaqueState {
    const { fields } = readOpaqueStateMetadata(providerMetadata)
    return this.#takeBefore({ options: fields && { [openAICompatibleOptionsKey]: fields } })
  }

  /** The state of the message that ends with this metadata, together with what its first call has; null if it has none. */
  takeForMessage(providerMetadata: unknown, callState: OpaqueProviderState | undefined): EventOpaqueState | null {
    const { fields } = readOpaqueStateMetadata(providerMetadata)
    return fields ? toStoredOpaqueState({ ...parseOpaqueProviderState(callState), message: fields }) : null
  }

  #takeBefore(state: Parameters<typeof toStoredOpaqueState>[0]): EventOpaqueState {
    const before = this.#before
    this.#before = []
    return toStoredOpaqueState({ ...state, before: before.length > 0 ? before : undefined })
  }

  #getBlock(id: string): ReasoningBlock {
    const block = this.#blocks.get(id) ?? { options: {}, textField: undefined, hasText: false }
    this.#blocks.set(id, block)
    return block
  }
}
