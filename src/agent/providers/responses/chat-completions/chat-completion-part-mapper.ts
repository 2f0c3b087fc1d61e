import type { ResponsePart } from '../sdk-types.ts'
import { opaqueStateMetadataKey } from '../../state/part-opaque-state.ts'
import type { NumericFields } from '../response-values.ts'
import type { ChatCompletionPiece, ToolCallPiece } from './chat-completion-piece.ts'
import { OpaqueStateCollector } from './opaque-state-collector.ts'
import { imageUrlToPart, readImageUrls } from './read-generated-images.ts'
import { toSdkUsage } from './to-sdk-usage.ts'

const partIds = { text: 'text', reasoning: 'reasoning' }

/** A call whose name may not have come yet. Its arguments wait for it. */
interface CollectedCall {
  readonly id: string
  name: string | null
  argumentsText: string
}

/**
 * Converts the pieces of one chat completion to the parts that the AI SDK has for a response. What the provider wants back is in the
 * metadata of the part that it belongs to.
 */
export class ChatCompletionPartMapper {
  readonly #state = new OpaqueStateCollector()
  readonly #calls = new Map<number, CollectedCall>()
  readonly #imageUrls = new Set<string>()
  #openPart: 'text' | 'reasoning' | null = null
  #usage: NumericFields | null = null

  map(piece: ChatCompletionPiece): ResponsePart[] {
    this.#state.read(piece)
    switch (piece.type) {
      case 'text':
      case 'reasoning':
        return [
          ...this.#openPartOf(piece.type),
          { type: `${piece.type}-delta`, id: partIds[piece.type], delta: piece.text },
        ]
      case 'tool-calls':
        return [...this.#endReasoning(), ...piece.calls.flatMap((call) => this.#mapCall(call))]
      case 'images':
        return readImageUrls(piece.images).flatMap((url) => this.#mapImage(url))
      case 'state':
        return []
      case 'usage':
        this.#usage = piece.usage
        return []
      case 'finish':
        return this.#finish(piece.reason)
    }
  }

  #openPartOf(type: 'text' | 'reasoning'): ResponsePart[] {
    if (this.#openPart === type) return []
    const ended = this.#endPart()
    this.#openPart = type
    const { reasoningField } = this.#state
    const added = type === 'reasoning' && reasoningField !== null ? { textField: reasoningField } : null
    return [...ended, { type: `${type}-start`, id: partIds[type], ...toMetadata(added) }]
  }

  #endReasoning(): ResponsePart[] {
    return this.#openPart === 'reasoning' ? this.#endPart() : []
  }

  #endPart(): ResponsePart[] {
    const type = this.#openPart
    this.#openPart = null
    return type === null ? [] : [{ type: `${type}-end`, id: partIds[type] }]
  }

  #mapCall({ index, id = '', name, argumentsText }: ToolCallPiece): ResponsePart[] {
    const call = this.#calls.get(index) ?? { id, name: null, argumentsText: '' }
    this.#calls.set(index, call)
    call.argumentsText += argumentsText
    if (name === undefined) return call.name === null ? [] : toInputParts(call.id, argumentsText)
    call.name = name
    return [{ type: 'tool-input-start', id: call.id, toolName: name }, ...toInputParts(call.id, call.argumentsText)]
  }

  /** Each image once: some servers repeat those that came before. */
  #mapImage(url: string): ResponsePart[] {
    const part = this.#imageUrls.has(url) ? null : imageUrlToPart(url)
    this.#imageUrls.add(url)
    return part ? [part] : []
  }

  #finish(reason: string): ResponsePart[] {
    const calls = [...this.#calls].map(([index, call]) => this.#toCallPart(index, call))
    const fields = this.#state.messageState
    const finishReason = { unified: 'other' as const, raw: reason }
    const metadata = toMetadata(fields && { fields })
    return [...this.#endPart(), ...calls, { type: 'finish', finishReason, usage: toSdkUsage(this.#usage), ...metadata }]
  }

  #toCallPart(index: number, { id, name, argumentsText }: CollectedCall): ResponsePart {
    const fields = this.#state.findToolCallState(index)
    const metadata = toMetadata(fields && { fields })
    return { type: 'tool-call', toolCallId: id, toolName: name ?? '', input: argumentsText, ...metadata }
  }
}

type Metadata = NonNullable<Extract<ResponsePart, { readonly type: 'finish' }>['providerMetadata']>

function toMetadata(added: Metadata[string] | null): { readonly providerMetadata?: Metadata } {
  return added ? { providerMetadata: { [opaqueStateMetadataKey]: added } } : {}
}

function toInputParts(id: string, delta: string): ResponsePart[] {
  return delta === '' ? [] : [{ type: 'tool-input-delta', id, delta }]
}
