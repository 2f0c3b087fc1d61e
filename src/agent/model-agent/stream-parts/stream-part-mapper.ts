import { type ReportedUsage, validateReportedUsage } from '../../../model/usage.ts'
import type { FinishReason } from '../../../model/stream.ts'
import { parseProviderFinishReason } from '../../providers/parse-provider-finish-reason.ts'
import type { AgentEvent, ToolCallRequest } from '../../agent.ts'
import { parseReportedCost } from '../../providers/responses/parse-reported-cost.ts'
import type { ResponsePart } from '../../providers/responses/sdk-types.ts'
import { unwrapProviderResponseError } from '../../providers/responses/provider-error-events.ts'
import { type EventOpaqueState, OpaqueProviderStateTracker } from './opaque-provider-state-tracker.ts'
import { ThinkTagParser, type ThinkTagOutput } from './think-tag-parser.ts'

/** What one step has produced. */
export interface ModelStepResult {
  /** In the order of the model. They have not been yielded as events. */
  readonly calls: readonly ToolCallRequest[]
  /** Whether there was any text, including white space, or a file. */
  readonly hasContent: boolean
  /** Null if the step did not end by itself. */
  readonly finishReason: FinishReason | null
}

/** What is remembered of a model's inline thoughts from one step to the next. */
export interface InlineThoughtMemory {
  /** Whether the model begins within a thought, see `ThinkTagParser`. */
  beginsInThought: boolean
}

export interface StreamPartMapperOptions {
  /** Makes the names of blocks unique within an answer. */
  readonly step: number
  readonly thoughtMemory: InlineThoughtMemory
  /** Whether the model may call tools. Calls that it makes nevertheless are left out: its text is the answer. */
  readonly allowsToolCalls: boolean
}

type FinishPart = Extract<ResponsePart, { readonly type: 'finish' }>

/** Converts the stream parts of one request to agent events. Inline thinking becomes reasoning. */
export class StreamPartMapper {
  readonly #parser: ThinkTagParser
  readonly #thoughtMemory: InlineThoughtMemory
  readonly #blocks: BlockNamer
  readonly #inputs = new Map<string, { readonly name: string; text: string }>()
  readonly #calls: ToolCallRequest[] = []
  readonly #states = new OpaqueProviderStateTracker()
  #openBlock: { readonly type: 'text' | 'reasoning'; readonly block: string } | null = null
  #textId = ''
  #hasText = false
  #hasFile = false
  #finishReason: FinishReason | null = null
  #failure: { readonly error: unknown } | null = null
  readonly #allowsToolCalls: boolean
  #hasForbiddenCall = false
  #hasFinished = false

  constructor({ step, thoughtMemory, allowsToolCalls }: StreamPartMapperOptions) {
    this.#blocks = new BlockNamer(step)
    this.#parser = new ThinkTagParser(thoughtMemory.beginsInThought)
    this.#thoughtMemory = thoughtMemory
    this.#allowsToolCalls = allowsToolCalls
  }

  /** Whether the model has said that this is its whole answer. */
  get hasFinished(): boolean {
    return this.#hasFinished
  }

  /** What the parts so far have produced. */
  get result(): ModelStepResult {
    return { calls: this.#calls, hasContent: this.#hasText || this.#hasFile, finishReason: this.#finishReason }
  }

  /** The error that a part has reported; null if there is none. It takes effect after the events of that part. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure
  }

  map(part: ResponsePart): AgentEvent[] {
    if (part.type === 'text-delta') {
      this.#textId = part.id
      return this.#toTextEvents(this.#parser.push(part.delta))
    }
    // Buffered text precedes any other part.
    return [...this.flush(), ...this.#mapOther(part)]
  }

  /** The text that was buffered because it might become a tag. */
  flush(): AgentEvent[] {
    return this.#toTextEvents(this.#parser.flush())
  }

  #mapOther(part: ResponsePart): AgentEvent[] {
    switch (part.type) {
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
        return this.#mapReasoning(part)
      case 'tool-input-start':
      case 'tool-input-delta':
      case 'tool-call':
        if (this.#allowsToolCalls) return this.#mapToolPart(part)
        this.#hasForbiddenCall = true
        return []
      case 'file':
        this.#hasFile = true
        this.#blocks.endBlock()
        return []
      case 'finish':
        return this.#finishStep(part)
      case 'error':
        this.#failure = { error: unwrapProviderResponseError(part.error) }
        return []
      default:
        return []
    }
  }

  #mapReasoning(part: Extract<ResponsePart, { type: `reasoning-${'start' | 'delta' | 'end'}` }>): AgentEvent[] {
    const { id, providerMetadata } = part
    this.#states.addToReasoning(id, providerMetadata)
    const text = part.type === 'reasoning-delta' ? part.delta : ''
    const state = part.type === 'reasoning-end' ? this.#states.endReasoning(id) : null
    if (text === '' && !state) return []
    if (text !== '') {
      this.#parser.excludeBareThought()
      this.#thoughtMemory.beginsInThought = false
    }
    return [this.#toBlockEvent('reasoning', id, text, state ?? this.#states.takeForReasoning(id))]
  }

  #toBlockEvent(type: 'text' | 'reasoning', source: string, text: string, state: EventOpaqueState): AgentEvent {
    const block = this.#blocks.name(`${type} ${source}`)
    this.#openBlock = { type, block }
    return { type, block, text, ...state }
  }

  #mapToolPart(
    part: Extract<ResponsePart, { type: 'tool-input-start' | 'tool-input-delta' | 'tool-call' }>,
  ): AgentEvent[] {
    switch (part.type) {
      case 'tool-input-start':
        this.#blocks.endBlock()
        this.#openBlock = null
        this.#inputs.set(part.id, { name: part.toolName, text: '' })
        return [{ type: 'tool-input', callId: part.id, name: part.toolName, text: '' }]
      case 'tool-input-delta':
        return this.#appendInput(part.id, part.delta)
      case 'tool-call':
        // Not yielded yet: the answer may have been cut off, and the call with it.
        this.#calls.push({
          callId: part.toolCallId,
          name: part.toolName,
          argumentsText: this.#inputs.get(part.toolCallId)?.text ?? part.input,
          ...this.#states.takeForToolCall(part.providerMetadata),
        })
        return []
    }
  }

  #appendInput(callId: string, text: string): AgentEvent[] {
    const input = this.#inputs.get(callId)
    if (!input) return []
    input.text += text
    return [{ type: 'tool-input', callId, name: input.name, text }]
  }

  #finishStep({ finishReason: { unified, raw }, usage, providerMetadata }: FinishPart): AgentEvent[] {
    this.#hasFinished = unified !== 'interrupted'
    const events: AgentEvent[] = []
    if (this.#hasFinished && unified !== 'error' && !this.#hasForbiddenCall) {
      // The SDK's own reasons are a few words for many. Without a reason of the provider, they are what is known.
      const reason = parseFinishReason(raw ?? unified.replaceAll('-', '_'))
      // Empty arguments are valid for a tool without parameters. After LENGTH, they mean that the call was cut off.
      if (reason === 'LENGTH' && this.#calls.at(-1)?.argumentsText.trim() === '') this.#calls.pop()
      // Some servers say `stop` when the model calls tools.
      this.#finishReason = reason === 'STOP' && this.#calls.length > 0 ? 'TOOL_CALLS' : reason
      // A model that begins within a thought may be cut off in it. If it ends without any tag, it has answered at once.
      const answer = this.#finishReason === 'STOP' ? this.#parser.endAssumedThought() : []
      if (answer.length > 0) this.#thoughtMemory.beginsInThought = false
      events.push(...this.#toTextEvents(answer))
      events.push({ type: 'finish', reason: this.#finishReason })
    }
    events.push({ type: 'usage', usage: toReportedUsage(usage) })
    return [...this.#addMessageState(providerMetadata), ...events]
  }

  /** The state of the whole message belongs to its first call, or to the text that it ends with. */
  #addMessageState(providerMetadata: unknown): AgentEvent[] {
    const [call] = this.#calls
    const state = this.#states.takeForMessage(providerMetadata, call?.providerState)
    if (!state) return []
    if (call) this.#calls[0] = { ...call, ...state }
    else if (this.#openBlock) return [{ ...this.#openBlock, text: '', ...state }]
    return []
  }

  #toTextEvents(outputs: readonly ThinkTagOutput[]): AgentEvent[] {
    return outputs.map((output) => {
      if (output.kind === 'correction') {
        this.#hasText = false
        this.#openBlock = null
        this.#thoughtMemory.beginsInThought = true
        return { type: 'text-was-reasoning' }
      }
      const { kind, spanIndex, text } = output
      this.#hasText ||= kind === 'text'
      return this.#toBlockEvent(kind, `text ${this.#textId} ${spanIndex}`, text, this.#states.takeForText())
    })
  }
}

function parseFinishReason(text: string): FinishReason {
  const reason = parseProviderFinishReason(text)
  return reason === 'ERROR' ? 'OTHER' : reason
}

/** The SDK includes the cached part in Anthropic's input tokens; only the raw usage has the total that was reported. */
function toReportedUsage({ raw, inputTokens, outputTokens }: FinishPart['usage']): ReportedUsage {
  const reportedCost = parseReportedCost(raw)
  const reported = validateReportedUsage({
    inputTokens: inputTokens.total,
    outputTokens: outputTokens.total,
    reasoningTokens: outputTokens.reasoning,
    cachedInputTokens: inputTokens.cacheRead || findCachedTokens(raw),
    totalTokens: raw?.['total_tokens'],
  })
  return { ...reported, ...(reportedCost !== undefined && { reportedCost }) }
}

/** Where DeepSeek, Kimi and gateways say how much of the input came from a cache. The SDK does not look there. */
const cachedTokensFields = ['prompt_cache_hit_tokens', 'cached_tokens', 'cache_read_input_tokens']

function findCachedTokens(raw: FinishPart['usage']['raw']): unknown {
  return cachedTokensFields.map((field) => raw?.[field]).find((figure) => figure !== undefined)
}

/** Names blocks. The name stays the same while text comes from the same source without interruption. */
class BlockNamer {
  readonly #step: number
  #blockCount = 0
  #source: string | null = null

  constructor(step: number) {
    this.#step = step
  }

  name(source: string): string {
    if (source !== this.#source) this.#blockCount += 1
    this.#source = source
    return `${this.#step}.${this.#blockCount}`
  }

  endBlock(): void {
    this.#source = null
  }
}
