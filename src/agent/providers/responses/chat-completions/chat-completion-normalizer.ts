import { providerDialects } from '../../select-dialect.ts'
import { parseProviderFinishReason } from '../../parse-provider-finish-reason.ts'
import { parseGatewayCost } from '../parse-reported-cost.ts'
import {
  createIncompleteResponseError,
  createProviderPayloadError,
  type ProviderResponseNormalizer,
  type SkippedResponsePartReporter,
} from '../provider-response-normalizer.ts'
import {
  isProviderErrorPayload,
  isUnknownRecord,
  toUnknownRecord,
  listFromProviderValue,
  pickNumericUsageFields,
  coerceToText,
  pickFields,
  type NumericFields,
  type UnknownRecord,
} from '../response-values.ts'
import type { ChatCompletionPiece } from './chat-completion-piece.ts'
import { ToolCallAssembler } from './tool-call-assembler.ts'

const reasoningFields = collectFields((dialect) => dialect.reasoning.textFields)
const messageStateFields = collectFields((dialect) => dialect.reasoning.messageState)
const toolCallStateFields = collectFields((dialect) => dialect.reasoning.toolCallState)
/** Fields of a delta that the provider wants back as they are. */
const stateFields = messageStateFields.filter((field) => !reasoningFields.includes(field))
const knownDeltaFields: ReadonlySet<string> = new Set([
  ...['role', 'content', 'refusal', 'tool_calls', 'function_call', 'name', 'annotations', 'audio', 'provider_metadata'],
  'images',
  ...reasoningFields,
  ...stateFields,
])

/**
 * Reads chat completions in OpenAI's format: the chunks of a stream, and a whole completion in its place. Text is kept
 * wherever it is known to be: as a string, in parts, in `message` in place of `delta`, in `text` of old completions.
 */
export class ChatCompletionNormalizer implements ProviderResponseNormalizer<ChatCompletionPiece> {
  readonly #reportSkipped: SkippedResponsePartReporter
  readonly #calls = new ToolCallAssembler(toolCallStateFields)
  #finishReason: string | null = null
  #hasRefusal = false
  /** Of the choice that is the answer: the first one. */
  #choiceIndex: number | null = null
  /** What the request costs by what is said beside the usage. */
  #cost: number | undefined

  /** `cost`: what the request costs by the headers of the response, in US dollars. */
  constructor(reportSkipped: SkippedResponsePartReporter, cost?: number) {
    this.#reportSkipped = reportSkipped
    this.#cost = cost
  }

  get hasEndMarker(): boolean {
    return this.#finishReason !== null && parseProviderFinishReason(this.#finishReason) !== 'ERROR'
  }

  *normalize(value: unknown): Generator<ChatCompletionPiece> {
    // Gemini sends a list with one error.
    if (Array.isArray(value)) {
      for (const item of value) yield* this.normalize(item)
      return
    }
    if (!isUnknownRecord(value))
      return this.#reportSkipped(`value of type ${value === null ? 'null' : typeof value}`, value)
    const choice = this.#readChoice(value)
    if (choice) yield* this.#readDelta(choice)
    this.#cost = parseGatewayCost(value) ?? this.#cost
    const usage = readUsage(value, this.#cost)
    if (usage) yield { type: 'usage', usage }
    if (isProviderErrorPayload(value)) throw createProviderPayloadError(value)
    if (choice && isProviderErrorPayload(choice)) throw createProviderPayloadError(choice)
    if (choice) this.#readFinishReason(choice)
  }

  *flush(): Generator<ChatCompletionPiece> {
    const calls = this.#calls.flush()
    if (calls.length > 0) yield { type: 'tool-calls', calls }
  }

  *finish(hasDone: boolean): Generator<ChatCompletionPiece> {
    // Some servers send their calls whole, and close the connection.
    const hasWholeCalls = this.#calls.hasCalls && this.#calls.areCallsComplete
    if (this.#finishReason === null && !hasDone && !hasWholeCalls) throw createIncompleteResponseError()
    const reason = this.#finishReason ?? (this.#calls.hasCalls ? 'tool_calls' : 'stop')
    const meaning = parseProviderFinishReason(reason)
    if (meaning === 'ERROR') throw createProviderPayloadError({ error: { code: reason } })
    // OpenAI sends `stop` after a refusal.
    yield { type: 'finish', reason: this.#hasRefusal && meaning === 'STOP' ? 'refusal' : reason }
  }

  #readChoice(value: UnknownRecord): UnknownRecord | null {
    const choices = listFromProviderValue(value['choices']).filter(isUnknownRecord)
    this.#choiceIndex ??= choices.some((choice) => readIndex(choice) === 0) ? 0 : (choices.map(readIndex)[0] ?? null)
    const choice = choices.find((each) => readIndex(each) === this.#choiceIndex)
    if (choices.length > (choice ? 1 : 0)) this.#reportSkipped('further choice')
    if (!('choices' in value) && !isUnknownRecord(value['usage']) && !isProviderErrorPayload(value)) {
      this.#reportSkipped(
        `event ${coerceToText(value['type']) || coerceToText(value['object']) || 'without choices'}`,
        value,
      )
    }
    return choice ?? null
  }

  #readDelta(choice: UnknownRecord): ChatCompletionPiece[] {
    const delta = toUnknownRecord(choice['delta'] ?? choice['message'] ?? { content: choice['text'] })
    this.#cost = parseGatewayCost(delta) ?? this.#cost
    for (const field of Object.keys(delta)) {
      if (!knownDeltaFields.has(field) && delta[field] !== null) this.#reportSkipped(`field ${field} of a delta`)
    }
    const pieces = [...this.#readTexts(delta), ...this.#readCalls(delta)]
    const fields = pickFields(delta, stateFields)
    if (fields) pieces.push({ type: 'state', fields })
    const images = listFromProviderValue(delta['images'])
    if (images.length > 0) pieces.push({ type: 'images', images })
    return pieces
  }

  #readTexts(delta: UnknownRecord): ChatCompletionPiece[] {
    const field = ['reasoning_content', ...reasoningFields].find((name) => coerceToText(delta[name]) !== '')
    const refusal = typeof delta['refusal'] === 'string' ? delta['refusal'] : ''
    if (refusal !== '') this.#hasRefusal = true
    return [
      ...(field === undefined ? readReasoningDetails(delta) : toReasoning(coerceToText(delta[field]), field)),
      ...listFromProviderValue(delta['content']).flatMap((part) => this.#readContentPart(part)),
      ...toText(refusal),
    ]
  }

  #readContentPart(part: unknown): ChatCompletionPiece[] {
    const { type, text, thinking, refusal } = toUnknownRecord(part)
    // Mistral's thoughts are lists of text parts.
    if (thinking !== undefined) {
      const thought = listFromProviderValue(thinking).map(
        (item) => coerceToText(toUnknownRecord(item)['text']) || coerceToText(item),
      )
      return toReasoning(thought.join(''))
    }
    if (type === 'reasoning') return toReasoning(coerceToText(text))
    // Images in the content, as some gateways send them, are read like those in `images`.
    if (isImagePart(part)) return [{ type: 'images', images: [part] }]
    const content = isUnknownRecord(part) ? coerceToText(text) || coerceToText(refusal) : coerceToText(part)
    if (content === '' && isUnknownRecord(part) && type !== 'text')
      this.#reportSkipped(`content part ${coerceToText(type)}`)
    return toText(content)
  }

  #readCalls(delta: UnknownRecord): ChatCompletionPiece[] {
    // `function_call` is the form before tools: one call, without an id.
    const items = [
      ...listFromProviderValue(delta['tool_calls']),
      ...listFromProviderValue(delta['function_call']),
    ].filter(isUnknownRecord)
    return items.length > 0 ? [{ type: 'tool-calls', calls: items.map((item) => this.#calls.push(item)) }] : []
  }

  #readFinishReason({ finish_reason: reason }: UnknownRecord): void {
    const text = coerceToText(reason).trim()
    if (text !== '' && text !== 'null') this.#finishReason = text
  }
}

function readIndex({ index }: UnknownRecord): number {
  return Number(index ?? 0)
}

function isImagePart(part: unknown): boolean {
  const { type, inline_data: data, inlineData = data } = toUnknownRecord(part)
  return /^(output_)?image(_url)?$/.test(coerceToText(type)) || isUnknownRecord(inlineData)
}

function collectFields(select: (dialect: (typeof providerDialects)[number]) => readonly string[]): readonly string[] {
  return [...new Set(providerDialects.flatMap(select))]
}

function toText(text: string): ChatCompletionPiece[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

function toReasoning(text: string, field: string | null = null): ChatCompletionPiece[] {
  return text === '' ? [] : [{ type: 'reasoning', text, field }]
}

/** The thoughts of OpenRouter and LiteLLM, if they send them only with their state. */
function readReasoningDetails(delta: UnknownRecord): ChatCompletionPiece[] {
  const details = [
    ...listFromProviderValue(delta['reasoning_details']),
    ...listFromProviderValue(delta['thinking_blocks']),
  ].map(toUnknownRecord)
  const texts = details.map(
    ({ text, summary, thinking }) => coerceToText(text) || coerceToText(summary) || coerceToText(thinking),
  )
  return toReasoning(texts.join(''))
}

/** Groq puts the usage of a stream into `x_groq`. `cost`: what is said of it elsewhere. */
function readUsage(value: UnknownRecord, cost: number | undefined): NumericFields | null {
  const usage = value['usage'] ?? toUnknownRecord(value['x_groq'])['usage']
  return isUnknownRecord(usage) ? { ...(cost !== undefined && { cost }), ...pickNumericUsageFields(usage) } : null
}
