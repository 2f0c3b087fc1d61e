import type { CompletionRequest } from './openai-rules.ts'

/** One step of a scripted response. Each text is sent as one chunk. */
export type ProviderStep =
  | { readonly text: string }
  /** Sent in `delta.reasoning_content`, as DeepSeek and others do. */
  | { readonly reasoning: string }
  /** Each piece of the arguments is sent as one chunk. `index` is the position of the call in the message; default 0. */
  | { readonly toolCall: ToolCallStep }
  | { readonly finish: string }
  /** Sent only if the request has `stream_options.include_usage`. */
  | { readonly usage: UsageStep }
  /** Sent unchanged, followed by an empty line: `data: {"error": …}`, incomplete JSON, a comment. */
  | { readonly raw: string }
  /** Sends only the headers. */
  | { readonly open: true }
  /** Sends nothing until the promise is settled or the client has disconnected. */
  | { readonly wait: Promise<unknown> }
  /** Destroys the connection. */
  | { readonly cut: true }
  /** Responds with a status instead of a stream. Must be the first step. A body that is not a string is sent as JSON. */
  | StatusStep

export interface StatusStep {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface ToolCallStep {
  readonly index?: number
  readonly id: string
  readonly name: string
  readonly arguments: readonly string[]
}

export interface UsageStep {
  readonly input: number
  readonly output: number
  readonly reasoning?: number
  readonly cached?: number
  /** Fields that only some providers send, such as `cost`. */
  readonly extra?: Readonly<Record<string, unknown>>
}

/** An answer that calls these tools in parallel, each with its arguments in one piece, after an optional `text`. */
export function toolCallSteps(
  ...calls: readonly { name: string; input: unknown; id?: string; text?: string }[]
): ProviderStep[] {
  const steps = calls.flatMap(({ name, input, id, text }, index): ProviderStep[] => {
    const toolCall = { index, id: id ?? `call_${index + 1}`, name, arguments: [JSON.stringify(input)] }
    return text === undefined ? [{ toolCall }] : [{ text }, { toolCall }]
  })
  return [...steps, { finish: 'tool_calls' }, { usage: { input: 10, output: 5 } }]
}

/** A step that becomes part of the completion. */
export type ContentStep = Exclude<ProviderStep, { status: number } | { wait: Promise<unknown> } | { cut: true }>

/** Encodes steps as OpenAI's chunks, or as one completion. */
export class CompletionBuilder {
  isFinished = false
  readonly #request: CompletionRequest
  readonly #id = `chatcmpl-${crypto.randomUUID()}`
  readonly #created = Math.floor(Date.now() / 1000)
  #hasSentRole = false
  #text = ''
  #reasoning = ''
  readonly #calls: object[] = []
  #finishReason: string | null = null
  #usage: object | null = null

  constructor(request: CompletionRequest) {
    this.#request = request
  }

  *encode(step: ContentStep): Generator<string> {
    if ('open' in step) return
    if ('raw' in step) return yield `${step.raw}\n\n`
    if ('usage' in step) {
      if (this.#request.stream_options?.include_usage) yield this.#formatEvent([], { usage: toOpenAiUsage(step.usage) })
      return
    }
    if ('finish' in step) {
      this.isFinished = true
      yield this.#formatChoice({}, step.finish)
    } else if ('toolCall' in step) {
      const { index = 0, id, name, arguments: pieces } = step.toolCall
      yield this.#formatChoice({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] })
      for (const piece of pieces) yield this.#formatChoice({ tool_calls: [{ index, function: { arguments: piece } }] })
    } else yield this.#formatChoice('text' in step ? { content: step.text } : { reasoning_content: step.reasoning })
  }

  /** Collects a step for a request without `stream`. */
  collect(step: ContentStep): void {
    if ('text' in step) this.#text += step.text
    else if ('reasoning' in step) this.#reasoning += step.reasoning
    else if ('finish' in step) this.#finishReason = step.finish
    else if ('usage' in step) this.#usage = toOpenAiUsage(step.usage)
    else if ('toolCall' in step) {
      const { id, name, arguments: pieces } = step.toolCall
      this.#calls.push({ id, type: 'function', function: { name, arguments: pieces.join('') } })
    }
  }

  toCompletion(): object {
    const message = {
      role: 'assistant',
      content: this.#text || null,
      ...(this.#reasoning && { reasoning_content: this.#reasoning }),
      ...(this.#calls.length > 0 && { tool_calls: this.#calls }),
    }
    const choices = [{ index: 0, message, finish_reason: this.#finishReason, logprobs: null }]
    return { ...this.#newEnvelope('chat.completion'), choices, ...(this.#usage && { usage: this.#usage }) }
  }

  #formatChoice(delta: object, finish: string | null = null): string {
    const role = this.#hasSentRole ? {} : { role: 'assistant' }
    this.#hasSentRole = true
    return this.#formatEvent([{ index: 0, delta: { ...role, ...delta }, logprobs: null, finish_reason: finish }], {})
  }

  #formatEvent(choices: readonly object[], extraFields: object): string {
    const usage = this.#request.stream_options?.include_usage ? { usage: null } : {}
    return `data: ${JSON.stringify({ ...this.#newEnvelope('chat.completion.chunk'), choices, ...usage, ...extraFields })}\n\n`
  }

  #newEnvelope(object: string): object {
    return { id: this.#id, object, created: this.#created, model: this.#request.model, system_fingerprint: null }
  }
}

function toOpenAiUsage({ input, output, reasoning = 0, cached = 0, extra = {} }: UsageStep): object {
  return {
    ...extra,
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
  }
}
