import { ToolArgumentsReader } from './tool-arguments-reader.ts'

/** The kinds of content blocks that are read. */
export type AnthropicBlockKind = 'text' | 'thinking' | 'redacted_thinking' | 'tool_use'

interface OpenAnthropicBlock {
  readonly index: number
  readonly wireIndex: number
  readonly kind: AnthropicBlockKind
  /** The arguments of a call, and what its block began with: it counts if no pieces follow. */
  readonly arguments: ToolArgumentsReader
  initialInput: unknown
}

/** A start of a block, as the SDK accepts it, without its content. */
type BlockStart = { readonly type: AnthropicBlockKind } & Readonly<Record<string, unknown>>

const deltaFields = { text: 'text_delta', thinking: 'thinking_delta', signature: 'signature_delta' } as const

/**
 * Writes content blocks in Anthropic's format: each is started before its deltas and stopped after them, under an index of
 * its own, whatever the server has left out.
 */
export class AnthropicBlockWriter {
  readonly #open = new Map<number, OpenAnthropicBlock>()
  #count = 0
  #lastWireIndex = 0
  #callCount = 0
  #areCallsComplete = true
  readonly #callIds = new Set<string>()

  get hasCalls(): boolean {
    return this.#callCount > 0
  }

  /** Whether all blocks are stopped, and all calls among them have complete arguments. */
  get isComplete(): boolean {
    return this.#open.size === 0 && this.#areCallsComplete
  }

  /** `wireIndex` is null if the server sent none: a new block then, for a start, and the newest one, for all else. */
  *start(wireIndex: number | null, block: BlockStart, initialInput?: unknown): Generator<object> {
    const target = wireIndex ?? (this.#count === 0 ? 0 : this.#lastWireIndex + 1)
    yield* this.stop(target)
    const { type: kind } = block
    const opened = {
      index: this.#count,
      wireIndex: target,
      kind,
      arguments: new ToolArgumentsReader(),
      initialInput,
    }
    this.#count += 1
    this.#lastWireIndex = target
    this.#open.set(target, opened)
    if (kind === 'tool_use') this.#callCount += 1
    yield { type: 'content_block_start', index: opened.index, content_block: block }
  }

  /** An id for a call that is not used yet in this response. */
  createCallId(wireId: string): string {
    let id = wireId || `call_${this.#callCount + 1}`
    while (this.#callIds.has(id)) id += `_${this.#callCount + 1}`
    this.#callIds.add(id)
    return id
  }

  /** Adds to the text, the thinking or the signature of a block. Starts one if none of its kind is open. */
  *append(wireIndex: number | null, field: keyof typeof deltaFields, text: string): Generator<object> {
    if (text === '') return
    const kind = field === 'text' ? 'text' : 'thinking'
    let block = this.#find(wireIndex)
    if (block?.kind !== kind) {
      yield* this.start(wireIndex, kind === 'text' ? { type: kind, text: '' } : { type: kind, thinking: '' })
      block = this.#find(wireIndex)
    }
    const delta = { type: deltaFields[field], [field]: text }
    if (block) yield { type: 'content_block_delta', index: block.index, delta }
  }

  /** Adds a piece of the arguments of a call. Returns false if there is no call to add it to. */
  *appendInput(wireIndex: number | null, piece: unknown): Generator<object, boolean> {
    const block = this.#find(wireIndex)
    if (block?.kind !== 'tool_use') return false
    yield* this.#writeInput(block, block.arguments.push(piece))
    return true
  }

  *stop(wireIndex: number | null): Generator<object> {
    const block = this.#find(wireIndex)
    if (!block) return
    this.#open.delete(block.wireIndex)
    if (block.kind === 'tool_use') {
      // Servers that send the whole input with the start of the block send no pieces after it.
      if (block.arguments.isBlank) yield* this.#writeInput(block, block.arguments.push(block.initialInput))
      yield* this.#writeInput(block, block.arguments.flush())
      this.#areCallsComplete &&= block.arguments.isComplete
    }
    yield { type: 'content_block_stop', index: block.index }
  }

  *stopAll(): Generator<object> {
    for (const wireIndex of [...this.#open.keys()]) yield* this.stop(wireIndex)
  }

  *#writeInput({ index }: OpenAnthropicBlock, text: string): Generator<object> {
    if (text === '') return
    yield { type: 'content_block_delta', index, delta: { type: 'input_json_delta', partial_json: text } }
  }

  #find(wireIndex: number | null): OpenAnthropicBlock | undefined {
    return this.#open.get(wireIndex ?? this.#lastWireIndex)
  }
}
