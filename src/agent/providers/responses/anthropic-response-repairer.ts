import { parseProviderFinishReason } from '../parse-provider-finish-reason.ts'
import { AnthropicBlockWriter } from './anthropic-block-normalizer.ts'
import { parseGatewayCost } from './parse-reported-cost.ts'
import {
  createIncompleteResponseError,
  createProviderPayloadError,
  type ProviderResponseNormalizer,
  type SkippedResponsePartReporter,
} from './provider-response-normalizer.ts'
import {
  isProviderErrorPayload,
  isUnknownRecord,
  toUnknownRecord,
  coerceToIndex,
  listFromProviderValue,
  pickNumericUsageFields,
  coerceToText,
  type UnknownRecord,
} from './response-values.ts'

/**
 * Reads messages in Anthropic's format: the events of a stream, and a whole message in its place. Writes the events that the AI SDK's
 * package accepts. Text is kept wherever it
 * is known to be: in the start of a block, in its deltas, in blocks and deltas of an unknown type.
 */
export class AnthropicResponseRepairer implements ProviderResponseNormalizer<object> {
  readonly #reportSkipped: SkippedResponsePartReporter
  readonly #blocks = new AnthropicBlockWriter()
  #hasStarted = false
  #isStopped = false
  #stopReason: string | null = null
  #usage: Record<string, unknown> = {}

  /** `cost`: what the request costs by the headers of the response, in US dollars. */
  constructor(reportSkipped: SkippedResponsePartReporter, cost?: number) {
    this.#reportSkipped = reportSkipped
    if (cost !== undefined) this.#usage = { cost }
  }

  get hasEndMarker(): boolean {
    return this.#isStopped || this.#stopReason !== null
  }

  *normalize(value: unknown, eventName: string | null): Generator<object> {
    if (!isUnknownRecord(value))
      return this.#reportSkipped(`value of type ${value === null ? 'null' : typeof value}`, value)
    if (isProviderErrorPayload(value)) throw createProviderPayloadError(value)
    this.#readGatewayCost(value)
    const type = coerceToText(value['type']) || eventName
    switch (type) {
      case 'ping':
        return
      case 'message_start':
        return yield* this.#readMessage(toUnknownRecord(value['message']))
      case 'message':
        yield* this.#readMessage(value)
        this.#isStopped = true
        return
      case 'content_block_start':
        yield* this.#ensureStarted({})
        return yield* this.#startBlock(coerceToIndex(value['index']), value['content_block'])
      case 'content_block_delta':
        yield* this.#ensureStarted({})
        return yield* this.#readDelta(coerceToIndex(value['index']), toUnknownRecord(value['delta']))
      case 'content_block_stop':
        return yield* this.#blocks.stop(coerceToIndex(value['index']))
      case 'message_delta':
        this.#readStopReason(toUnknownRecord(value['delta']))
        return this.#readUsage(value['usage'])
      case 'message_stop':
        this.#isStopped = true
        return
      default:
        this.#reportSkipped(`event ${type ?? 'without type'}`, value)
    }
  }

  *flush(): Generator<object> {
    // A server that sends its calls whole may leave out their ends, but not the end of the answer as well.
    if (this.hasEndMarker) yield* this.#blocks.stopAll()
  }

  *finish(hasDone: boolean): Generator<object> {
    const hasWholeCalls = this.#blocks.hasCalls && this.#blocks.isComplete
    if (!this.hasEndMarker && !hasDone && !hasWholeCalls) throw createIncompleteResponseError()
    yield* this.#ensureStarted({})
    yield* this.#blocks.stopAll()
    const reason = this.#stopReason ?? (this.#blocks.hasCalls ? 'tool_use' : 'end_turn')
    if (parseProviderFinishReason(reason) === 'ERROR') throw createProviderPayloadError({ error: { code: reason } })
    const usage = { output_tokens: 0, ...this.#usage }
    yield { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage }
    yield { type: 'message_stop' }
  }

  *#readMessage(message: UnknownRecord): Generator<object> {
    this.#readGatewayCost(message)
    this.#readUsage(message['usage'])
    this.#readStopReason(message)
    yield* this.#ensureStarted(message)
    for (const block of listFromProviderValue(message['content'])) {
      yield* this.#startBlock(null, block)
      yield* this.#blocks.stop(null)
    }
  }

  *#ensureStarted({ id, model }: UnknownRecord): Generator<object> {
    if (this.#hasStarted) return
    this.#hasStarted = true
    const usage = { input_tokens: 0, ...this.#usage }
    yield {
      type: 'message_start',
      message: { id: coerceToText(id), model: coerceToText(model), role: 'assistant', usage },
    }
  }

  *#startBlock(wireIndex: number | null, value: unknown): Generator<object> {
    const block = toUnknownRecord(value)
    const type = coerceToText(block['type'])
    switch (type) {
      case 'thinking':
        yield* this.#blocks.start(wireIndex, { type, thinking: '' })
        yield* this.#blocks.append(wireIndex, 'thinking', coerceToText(block['thinking']))
        return yield* this.#blocks.append(wireIndex, 'signature', coerceToText(block['signature']))
      case 'redacted_thinking':
        return yield* this.#blocks.start(wireIndex, { type, data: coerceToText(block['data']) })
      case 'tool_use': {
        const id = this.#blocks.createCallId(coerceToText(block['id']).trim())
        return yield* this.#blocks.start(wireIndex, { type, id, name: coerceToText(block['name']) }, block['input'])
      }
      default: {
        const text = coerceToText(block['text']) || coerceToText(value)
        if (type !== 'text' && type !== '') this.#reportSkipped(`content block ${type}`)
        if (type !== 'text' && text === '') return
        yield* this.#blocks.start(wireIndex, { type: 'text', text: '' })
        yield* this.#blocks.append(wireIndex, 'text', text)
      }
    }
  }

  *#readDelta(wireIndex: number | null, delta: UnknownRecord): Generator<object> {
    const { type, text, thinking, signature, partial_json: json } = delta
    if (json !== undefined) {
      const isKnown = yield* this.#blocks.appendInput(wireIndex, json)
      if (!isKnown) this.#reportSkipped('arguments without a call')
    } else if (text === undefined && thinking === undefined && signature === undefined) {
      this.#reportSkipped(`delta ${coerceToText(type)}`)
    }
    yield* this.#blocks.append(wireIndex, 'thinking', coerceToText(thinking))
    yield* this.#blocks.append(wireIndex, 'signature', coerceToText(signature))
    yield* this.#blocks.append(wireIndex, 'text', coerceToText(text))
  }

  #readStopReason({ stop_reason: reason }: UnknownRecord): void {
    const text = coerceToText(reason).trim()
    if (text !== '' && text !== 'null') this.#stopReason = text
  }

  #readGatewayCost(value: UnknownRecord): void {
    const cost = parseGatewayCost(value)
    if (cost !== undefined) this.#usage = { ...this.#usage, cost }
  }

  #readUsage(usage: unknown): void {
    if (isUnknownRecord(usage)) this.#usage = { ...this.#usage, ...pickNumericUsageFields(usage) }
  }
}
