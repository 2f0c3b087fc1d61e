import type { ProviderState } from '../../model/message.ts'
import {
  chatOptionsKey,
  type PartProviderOptions,
  parseProviderOptions,
  parseStoredState,
  toStoredState,
} from '../providers/state/part-provider-state.ts'
import { readAddedMetadata } from '../providers/state/provider-state-middleware.ts'

interface ReasoningBlock {
  options: PartProviderOptions
  textField: string | undefined
  hasText: boolean
}

/** What an event carries. */
export interface EventState {
  readonly providerState?: ProviderState
}

/**
 * Follows the state of the provider in the parts of one step, and says which event carries what. State of a block without
 * text, such as redacted thoughts, goes to the next part.
 */
export class ProviderStateTracker {
  readonly #blocks = new Map<string, ReasoningBlock>()
  #before: PartProviderOptions[] = []

  /** A block of reasoning begins, goes on or ends, with this metadata of the SDK. */
  addToReasoning(id: string, providerMetadata: unknown): void {
    const { textField } = readAddedMetadata(providerMetadata)
    const block = this.#getBlock(id)
    block.options = { ...block.options, ...parseProviderOptions(providerMetadata) }
    block.textField ??= textField
  }

  /** The state for a piece of text of a block of reasoning. */
  takeForReasoning(id: string): EventState {
    const block = this.#getBlock(id)
    const isFirst = !block.hasText
    block.hasText = true
    return this.#takeBefore({ textField: isFirst ? block.textField : undefined })
  }

  /** The state for the end of a block of reasoning; null if it has none, or no part that could have it. */
  endReasoning(id: string): EventState | null {
    const { options, hasText } = this.#getBlock(id)
    this.#blocks.delete(id)
    if (Object.keys(options).length === 0) return null
    if (hasText) return toStoredState({ options })
    this.#before.push(options)
    return null
  }

  /** The state for a piece of text. */
  takeForText(): EventState {
    return this.#takeBefore({})
  }

  /** The state for a tool call, with the metadata of its part. */
  takeForToolCall(providerMetadata: unknown): EventState {
    const { fields } = readAddedMetadata(providerMetadata)
    return this.#takeBefore({ options: fields && { [chatOptionsKey]: fields } })
  }

  /** The state of the message that ends with this metadata, together with what its first call has; null if it has none. */
  takeForMessage(providerMetadata: unknown, callState: ProviderState | undefined): EventState | null {
    const { fields } = readAddedMetadata(providerMetadata)
    return fields ? toStoredState({ ...parseStoredState(callState), message: fields }) : null
  }

  #takeBefore(state: Parameters<typeof toStoredState>[0]): EventState {
    const before = this.#before
    this.#before = []
    return toStoredState({ ...state, before: before.length > 0 ? before : undefined })
  }

  #getBlock(id: string): ReasoningBlock {
    const block = this.#blocks.get(id) ?? { options: {}, textField: undefined, hasText: false }
    this.#blocks.set(id, block)
    return block
  }
}
