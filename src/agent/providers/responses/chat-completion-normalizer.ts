import { providerDialects } from '../select-dialect.ts'
import { parseFinishReason } from '../parse-finish-reason.ts'
import {
  createIncompleteResponseError,
  createResponseError,
  type ResponseNormalizer,
  type SkippedInputReporter,
} from './response-normalizer.ts'
import {
  isErrorPayload,
  isFields,
  toFields,
  toList,
  toNumericFields,
  toText,
  type UnknownFields,
} from './response-values.ts'
import { ToolCallAssembler } from './tool-call-assembler.ts'

const reasoningFields = collectFields((dialect) => dialect.reasoning.textFields)
const messageStateFields = collectFields((dialect) => dialect.reasoning.messageState)
const toolCallStateFields = collectFields((dialect) => dialect.reasoning.toolCallState)
/** In a normalised delta, the field in which its reasoning came. */
export const reasoningFieldKey = 'segue_reasoning_field'
/** Fields of a delta that are passed on as they are: state, and images, which the SDK's package does not read. */
const passedFields = [...messageStateFields, 'images'].filter((field) => !reasoningFields.includes(field))
const knownDeltaFields: ReadonlySet<string> = new Set([
  ...['role', 'content', 'refusal', 'tool_calls', 'function_call', 'name', 'annotations', 'audio'],
  ...reasoningFields,
  ...passedFields,
])

/**
 * Reads chat completions in OpenAI's format: the chunks of a stream, and a whole completion in its place. Text is kept
 * wherever it is known to be: as a string, in parts, in `message` in place of `delta`, in `text` of old completions.
 */
export class ChatCompletionNormalizer implements ResponseNormalizer {
  readonly #reportSkipped: SkippedInputReporter
  readonly #calls = new ToolCallAssembler(toolCallStateFields)
  #finishReason: string | null = null
  #hasRefusal = false

  constructor(reportSkipped: SkippedInputReporter) {
    this.#reportSkipped = reportSkipped
  }

  get hasEndMarker(): boolean {
    return this.#finishReason !== null && parseFinishReason(this.#finishReason) !== 'ERROR'
  }

  *normalize(value: unknown): Generator<object> {
    // Gemini sends a list with one error.
    if (Array.isArray(value)) {
      for (const item of value) yield* this.normalize(item)
      return
    }
    if (!isFields(value)) return this.#reportSkipped(`value of type ${value === null ? 'null' : typeof value}`, value)
    const choice = this.#readChoice(value)
    if (choice) {
      for (const delta of this.#readDeltas(choice)) yield toChunk(value, [{ index: 0, delta }])
    }
    const usage = readUsage(value)
    if (usage) yield toChunk(value, [], usage)
    if (isErrorPayload(value)) throw createResponseError(value)
    if (choice && isErrorPayload(choice)) throw createResponseError(choice)
    if (choice) this.#readFinishReason(choice)
  }

  *flush(): Generator<object> {
    const items = this.#calls.flush()
    if (items.length > 0) yield toChunk({}, [{ index: 0, delta: { tool_calls: items } }])
  }

  *finish(hasDone: boolean): Generator<object> {
    // Some servers send their calls whole, and close the connection.
    const hasWholeCalls = this.#calls.hasCalls && this.#calls.areCallsComplete
    if (this.#finishReason === null && !hasDone && !hasWholeCalls) throw createIncompleteResponseError()
    const reason = this.#finishReason ?? (this.#calls.hasCalls ? 'tool_calls' : 'stop')
    const meaning = parseFinishReason(reason)
    if (meaning === 'ERROR') throw createResponseError({ error: { code: reason } })
    // OpenAI sends `stop` after a refusal.
    const text = this.#hasRefusal && meaning === 'STOP' ? 'refusal' : reason
    yield toChunk({}, [{ index: 0, delta: {}, finish_reason: text }])
  }

  #readChoice(value: UnknownFields): UnknownFields | null {
    const choices = toList(value['choices']).filter(isFields)
    const choice = choices.find(({ index }) => index === undefined || index === null || Number(index) === 0)
    if (choices.length > (choice ? 1 : 0)) this.#reportSkipped('further choice')
    if (!('choices' in value) && !isFields(value['usage']) && !isErrorPayload(value)) {
      this.#reportSkipped(`event ${toText(value['type']) || toText(value['object']) || 'without choices'}`, value)
    }
    return choice ?? null
  }

  #readDeltas(choice: UnknownFields): object[] {
    const delta = toFields(choice['delta'] ?? choice['message'] ?? { content: choice['text'] })
    for (const field of Object.keys(delta)) {
      if (!knownDeltaFields.has(field) && delta[field] !== null) this.#reportSkipped(`field ${field} of a delta`)
    }
    const deltas = [...this.#readTexts(delta), ...this.#readCalls(delta)]
    const passed = passedFields.filter((field) => delta[field] !== undefined && delta[field] !== null)
    if (passed.length > 0) deltas.push(Object.fromEntries(passed.map((field) => [field, delta[field]])))
    return deltas
  }

  #readTexts(delta: UnknownFields): object[] {
    const field = ['reasoning_content', ...reasoningFields].find((name) => toText(delta[name]) !== '')
    const refusal = typeof delta['refusal'] === 'string' ? delta['refusal'] : ''
    if (refusal !== '') this.#hasRefusal = true
    return [
      // The field goes back to the provider with the text.
      ...(field === undefined
        ? readReasoningDetails(delta)
        : [{ reasoning_content: toText(delta[field]), [reasoningFieldKey]: field }]),
      ...toList(delta['content']).flatMap((part) => this.#readContentPart(part)),
      ...(refusal === '' ? [] : [{ content: refusal }]),
    ]
  }

  #readContentPart(part: unknown): object[] {
    const { type, text, thinking, refusal } = toFields(part)
    // Mistral's thoughts are lists of text parts.
    if (thinking !== undefined) {
      const thought = toList(thinking).map((item) => toText(toFields(item)['text']) || toText(item))
      return toDeltas('reasoning_content', thought.join(''))
    }
    if (type === 'reasoning') return toDeltas('reasoning_content', toText(text))
    // Images in the content, as some gateways send them, are read like those in `images`.
    if (isImagePart(part)) return [{ images: [part] }]
    const content = isFields(part) ? toText(text) || toText(refusal) : toText(part)
    if (content === '' && isFields(part) && type !== 'text') this.#reportSkipped(`content part ${toText(type)}`)
    return toDeltas('content', content)
  }

  #readCalls(delta: UnknownFields): object[] {
    // `function_call` is the form before tools: one call, without an id.
    const items = [...toList(delta['tool_calls']), ...toList(delta['function_call'])].filter(isFields)
    return items.length > 0 ? [{ tool_calls: items.map((item) => this.#calls.push(item)) }] : []
  }

  #readFinishReason({ finish_reason: reason }: UnknownFields): void {
    const text = toText(reason).trim()
    if (text !== '' && text !== 'null') this.#finishReason = text
  }
}

function isImagePart(part: unknown): boolean {
  const { type, inline_data: data, inlineData = data } = toFields(part)
  return /^(output_)?image(_url)?$/.test(toText(type)) || isFields(inlineData)
}

function collectFields(select: (dialect: (typeof providerDialects)[number]) => readonly string[]): readonly string[] {
  return [...new Set(providerDialects.flatMap(select))]
}

function toDeltas(field: string, text: string): object[] {
  return text === '' ? [] : [{ [field]: text }]
}

/** The thoughts of OpenRouter and LiteLLM, if they send them only with their state. */
function readReasoningDetails(delta: UnknownFields): object[] {
  const details = [...toList(delta['reasoning_details']), ...toList(delta['thinking_blocks'])].map(toFields)
  const texts = details.map(({ text, summary, thinking }) => toText(text) || toText(summary) || toText(thinking))
  return toDeltas('reasoning_content', texts.join(''))
}

/** Groq puts the usage of a stream into `x_groq`. */
function readUsage(value: UnknownFields): object | null {
  const usage = value['usage'] ?? toFields(value['x_groq'])['usage']
  return isFields(usage) ? toNumericFields(usage) : null
}

function toChunk({ id, model }: UnknownFields, choices: readonly object[], usage?: object): object {
  return { id: toText(id), model: toText(model), choices, ...(usage && { usage }) }
}
