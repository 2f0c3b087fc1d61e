import { ToolChoiceViolationError } from 'ai'
import type { LanguageModelUsage, TextStreamPart, ToolSet } from 'ai'
import { type ReportedUsage, validateReportedUsage } from '../../../model/usage.ts'
import type { FinishReason } from '../../../model/stream.ts'
import { parseProviderFinishReason } from '../../providers/parse-provider-finish-reason.ts'
import { AgentError, type AgentEvent, type ToolCallRequest } from '../../agent.ts'
import { parseReportedCost } from '../../providers/responses/parse-reported-cost.ts'
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

type StreamPart = TextStreamPart<ToolSet>

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

  /** `step` makes the names of blocks unique within an answer. */
  constructor(step: number, thoughtMemory: InlineThoughtMemory) {
    this.#blocks = new BlockNamer(step)
    this.#parser = new ThinkTagParser(thoughtMemory.beginsInThought)
    this.#thoughtMemory = thoughtMemory
  }

  /** What the parts so far have produced. */
  get result(): ModelStepResult {
    return { calls: this.#calls, hasContent: this.#hasText || this.#hasFile, finishReason: this.#finishReason }
  }

  /** The error that a part has reported; null if there is none. It takes effect after the events of that part. */
  get failure(): { readonly error: unknown } | null {
    return this.#failure
  }

  map(part: StreamPart): AgentEvent[] {
    if (part.type === 'text-delta') {
      this.#textId = part.id
      return this.#toTextEvents(this.#parser.push(part.text))
    }
    // Buffered text precedes any other part.
    return [...this.flush(), ...this.#mapOther(part)]
  }

  /** The text that was buffered because it might become a tag. */
  flush(): AgentEvent[] {
    return this.#toTextEvents(this.#parser.flush())
  }

  #mapOther(part: StreamPart): AgentEvent[] {
    switch (part.type) {
      case 'reasoning-start':
      case 'reasoning-delta':
      case 'reasoning-end':
        return this.#mapReasoning(part)
      case 'tool-input-start':
        this.#blocks.endBlock()
        this.#openBlock = null
        this.#inputs.set(part.id, { name: part.toolName, text: '' })
        return [{ type: 'tool-input', callId: part.id, name: part.toolName, text: '' }]
      case 'tool-input-delta':
        return this.#appendInput(part.id, part.delta)
      case 'tool-call':
        // Not yielded yet: when an answer is cut off, the SDK reports an incomplete call as if it were complete.
        this.#calls.push({
          callId: part.toolCallId,
          name: part.toolName,
          argumentsText: this.#inputs.get(part.toolCallId)?.text ?? JSON.stringify(part.input ?? {}),
          ...this.#states.takeForToolCall(part.providerMetadata),
        })
        return []
      case 'file':
        this.#hasFile = true
        this.#blocks.endBlock()
        return []
      case 'finish-step':
        return this.#finishStep(part)
      case 'error':
        // The model called tools although it was told not to. The SDK drops the calls; the text is the answer.
        if (!ToolChoiceViolationError.isInstance(part.error))
          this.#failure = { error: unwrapProviderResponseError(part.error) }
        return []
      default:
        return []
    }
  }

  #mapReasoning(part: Extract<StreamPart, { type: `reasoning-${'start' | 'delta' | 'end'}` }>): AgentEvent[] {
    const { id, providerMetadata } = part
    this.#states.addToReasoning(id, providerMetadata)
    const text = part.type === 'reasoning-delta' ? part.text : ''
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

  #appendInput(callId: string, text: string): AgentEvent[] {
    const input = this.#inputs.get(callId)
    if (!input) return []
    input.text += text
    return [{ type: 'tool-input', callId, name: input.name, text }]
  }

  #finishStep(part: Extract<StreamPart, { type: 'finish-step' }>): AgentEvent[] {
    const { finishReason, rawFinishReason, usage: sdkUsage, providerMetadata } = part
    // Empty arguments are valid for a tool without parameters. After `length`, they mean that the call was cut off.
    if (finishReason === 'length' && this.#calls.at(-1)?.argumentsText.trim() === '') this.#calls.pop()
    if (finishReason === 'interrupted')
      this.#failure = {
        error: new AgentError('PROVIDER', 'The provider ended its answer before it was complete. Try again.'),
      }
    const events: AgentEvent[] = []
    if (finishReason !== 'interrupted' && finishReason !== 'error') {
      // The SDK's own reasons are a few words for many. Without a reason of the provider, they are what is known.
      const reason = toFinishReason(rawFinishReason ?? finishReason.replaceAll('-', '_'), this.#calls.length > 0)
      this.#finishReason = reason
      // A model that begins within a thought may be cut off in it. If it ends without any tag, it has answered at once.
      const answer = reason === 'STOP' ? this.#parser.endAssumedThought() : []
      if (answer.length > 0) this.#thoughtMemory.beginsInThought = false
      events.push(...this.#toTextEvents(answer))
      events.push({ type: 'finish', reason })
    }
    events.push({ type: 'usage', usage: toReportedUsage(sdkUsage) })
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

/** Some servers say `stop` when the model calls tools. */
function toFinishReason(text: string, hasCalls: boolean): FinishReason {
  const reason = parseProviderFinishReason(text)
  if (reason === 'ERROR') return 'OTHER'
  return reason === 'STOP' && hasCalls ? 'TOOL_CALLS' : reason
}

/** The SDK includes the cached part in Anthropic's input tokens, and computes the total; only the raw one is reported. */
function toReportedUsage({ raw, ...usage }: LanguageModelUsage): ReportedUsage {
  const reportedCost = parseReportedCost(raw)
  const reported = validateReportedUsage({
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    reasoningTokens: usage.outputTokenDetails.reasoningTokens,
    cachedInputTokens: usage.inputTokenDetails.cacheReadTokens || findCachedTokens(raw),
    totalTokens: raw?.['total_tokens'],
  })
  return { ...reported, ...(reportedCost !== undefined && { reportedCost }) }
}

/** Where DeepSeek, Kimi and gateways say how much of the input came from a cache. The SDK does not look there. */
const cachedTokensFields = ['prompt_cache_hit_tokens', 'cached_tokens', 'cache_read_input_tokens']

function findCachedTokens(raw: LanguageModelUsage['raw']): unknown {
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
