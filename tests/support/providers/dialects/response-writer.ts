/** Writes the response of a provider, piece by piece, as it travels over the wire. */
export interface ResponseWriter {
  start(): string
  text(text: string): string
  reasoning(text: string): string
  toolCall(call: WrittenToolCall): string
  /** The reason to stop, with the figures of the usage, if any. */
  finish(reason: string, usage?: object): string
  /** The end of the stream. */
  end(): string
  /** The whole answer as JSON, as for a request without `stream`. */
  whole(text: string, reason: string, usage: object): object
}

/** How the arguments of a call arrive: as text in pieces, as an object, or not at all. */
export interface WrittenToolCall {
  readonly id: string
  readonly name: string
  readonly arguments: readonly string[] | object | null | undefined
}

/** What a server of one make does in its own way. */
export interface CompletionWriterOptions {
  /** Fields of every chunk that mean nothing to Segue. */
  readonly chunkFields?: object
  /** The same, of every choice. */
  readonly choiceFields?: object
  /** Sent between all chunks: comments, pings, chunks without choices. */
  readonly noise?: string
  /** The first chunk. */
  readonly opening?: string
  readonly reasoningField?: string
  /** How text stands in a delta. Default: as a string. */
  readonly toContent?: (text: string) => unknown
  /** How a thought stands in a delta. Default: in `reasoningField`. */
  readonly toReasoning?: (text: string) => object
  /** How the usage is sent. Default: a last chunk without choices. */
  readonly usageIn?: 'last-chunk' | 'finish-chunk' | 'every-chunk' | 'x_groq'
  /** Tool calls without `index`. */
  readonly omitsIndex?: boolean
  /** Fields of every tool call that mean nothing to Segue. */
  readonly callFields?: object
  /** Whether `data: [DONE]` follows. Default: true. */
  readonly sendsDone?: boolean
}

const toEvent = (value: object): string => `data: ${JSON.stringify(value)}\n\n`

/** Writes chat completions in OpenAI's format. */
export class CompletionWriter implements ResponseWriter {
  readonly #options: CompletionWriterOptions
  #callCount = 0

  constructor(options: CompletionWriterOptions = {}) {
    this.#options = options
  }

  start(): string {
    return `${this.#options.opening ?? ''}${this.#chunk({ role: 'assistant', content: '' })}`
  }

  text(text: string): string {
    return this.#chunk({ content: this.#options.toContent?.(text) ?? text })
  }

  reasoning(text: string): string {
    const { toReasoning, reasoningField = 'reasoning_content' } = this.#options
    return this.#chunk(toReasoning?.(text) ?? { [reasoningField]: text })
  }

  /** A chunk with these fields in its delta. */
  delta(fields: object): string {
    return this.#chunk(fields)
  }

  toolCall({ id, name, arguments: input }: WrittenToolCall): string {
    const index = this.#options.omitsIndex ? {} : { index: this.#callCount }
    this.#callCount += 1
    const first = { ...index, id, type: 'function', ...this.#options.callFields }
    if (!Array.isArray(input)) return this.#chunk({ tool_calls: [{ ...first, function: { name, arguments: input } }] })
    const pieces = input.map((piece) => this.#chunk({ tool_calls: [{ ...index, function: { arguments: piece } }] }))
    return this.#chunk({ tool_calls: [{ ...first, function: { name, arguments: '' } }] }) + pieces.join('')
  }

  finish(reason: string, usage?: object): string {
    const { usageIn = 'last-chunk' } = this.#options
    if (!usage) return this.#chunk({}, reason)
    if (usageIn === 'last-chunk') return this.#chunk({}, reason) + toEvent({ id: 'c1', choices: [], usage })
    return this.#chunk({}, reason, usageIn === 'x_groq' ? { x_groq: { id: 'r1', usage } } : { usage })
  }

  end(): string {
    return this.#options.sendsDone === false ? '' : 'data: [DONE]\n\n'
  }

  whole(text: string, reason: string, usage: object): object {
    const message = { role: 'assistant', content: this.#options.toContent?.(text) ?? text }
    const choices = [{ index: 0, message, finish_reason: reason, ...this.#options.choiceFields }]
    return { id: 'c1', object: 'chat.completion', created: 1, model: 'm', choices, usage, ...this.#options.chunkFields }
  }

  #chunk(delta: object, reason: string | null = null, fields: object = {}): string {
    const { chunkFields, choiceFields, noise = '' } = this.#options
    const choices = [{ index: 0, delta, finish_reason: reason, ...choiceFields }]
    const envelope = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm', choices }
    return `${noise}${toEvent({ ...envelope, ...chunkFields, ...fields })}`
  }
}

const toNamedEvent = (value: { readonly type: string }): string =>
  `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`

/** Writes messages in Anthropic's format. */
export class AnthropicWriter implements ResponseWriter {
  readonly #noise: string
  readonly #messageFields: object
  #index = -1

  /** `noise` is sent between all events. `messageFields` mean nothing to Segue. */
  constructor({ noise = '', messageFields = {} }: { readonly noise?: string; readonly messageFields?: object } = {}) {
    this.#noise = noise
    this.#messageFields = messageFields
  }

  start(): string {
    const usage = { input_tokens: 1, output_tokens: 1 }
    const message = { id: 'm1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, usage }
    return this.#event({ type: 'message_start', message: { ...message, ...this.#messageFields } })
  }

  text(text: string): string {
    return this.#block({ type: 'text', text: '' }, { type: 'text_delta', text })
  }

  reasoning(thinking: string, signed = 'signed'): string {
    const signature = { type: 'signature_delta', signature: signed }
    return this.#block(
      { type: 'thinking', thinking: '', signature: '' },
      { type: 'thinking_delta', thinking },
      signature,
    )
  }

  toolCall({ id, name, arguments: input }: WrittenToolCall): string {
    const block = { type: 'tool_use', id, name }
    if (!Array.isArray(input)) return this.#block({ ...block, input })
    const pieces = input.map((json) => ({ type: 'input_json_delta', partial_json: String(json) }))
    return this.#block({ ...block, input: {} }, ...pieces)
  }

  finish(reason: string, usage: object = { output_tokens: 1 }): string {
    return this.#event({ type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage })
  }

  end(): string {
    return this.#event({ type: 'message_stop' })
  }

  whole(text: string, reason: string, usage: object): object {
    const content = [{ type: 'text', text }]
    return { id: 'm1', type: 'message', role: 'assistant', model: 'm', content, stop_reason: reason, usage }
  }

  #block(block: object, ...deltas: readonly object[]): string {
    this.#index += 1
    const index = this.#index
    return [
      this.#event({ type: 'content_block_start', index, content_block: block }),
      ...deltas.map((delta) => this.#event({ type: 'content_block_delta', index, delta })),
      this.#event({ type: 'content_block_stop', index }),
    ].join('')
  }

  #event(value: { readonly type: string } & Readonly<Record<string, unknown>>): string {
    return `${this.#noise}${toNamedEvent(value)}`
  }
}
