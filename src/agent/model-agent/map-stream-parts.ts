import { ToolChoiceViolationError } from 'ai'
import type { LanguageModelUsage, TextStreamPart, ToolSet } from 'ai'
import type { Usage } from '../../model/usage.ts'
import { AgentError, type AgentEvent } from '../agent.ts'
import { ThinkTagParser, type TextSpan } from './think-tag-parser.ts'

/** A call that the model has made whole. */
export type ToolCallEvent = Extract<AgentEvent, { type: 'tool-call' }>

/** What one step came to. */
export interface StepResult {
  /** In the order in which the model made them; to be told of by whoever has them done. */
  readonly calls: readonly ToolCallEvent[]
  /** Whether there was any text, white space included. */
  readonly hasText: boolean
}

/**
 * The parts that the SDK makes of one request, as events; inline thinking becomes reasoning. Throws what the parts hold
 * as an error, or the connection's own, after everything that came before it has been yielded. Ends early, with what
 * there is, once the SDK has noticed the abort. `step` makes the names of blocks unique within an answer.
 */
export async function* mapStreamParts(
  parts: AsyncIterable<TextStreamPart<ToolSet>>,
  step: number,
): AsyncGenerator<AgentEvent, StepResult> {
  const parser = new ThinkTagParser()
  const blocks = new BlockNamer(step)
  const inputs = new Map<string, { readonly name: string; text: string }>()
  const calls: ToolCallEvent[] = []
  let textId = ''
  let hasText = false

  const toTextEvents = (spans: readonly TextSpan[]): AgentEvent[] =>
    spans.map(({ kind, spanIndex, text }) => {
      hasText ||= kind === 'text'
      return { type: kind, block: blocks.name(`text ${textId} ${spanIndex}`), text }
    })

  try {
    for await (const part of parts) {
      // What is held back belongs before whatever else comes.
      if (part.type !== 'text-delta') yield* toTextEvents(parser.flush())
      switch (part.type) {
        case 'text-delta':
          textId = part.id
          yield* toTextEvents(parser.push(part.text))
          break
        case 'reasoning-delta':
          if (part.text !== '') yield { type: 'reasoning', block: blocks.name(`reasoning ${part.id}`), text: part.text }
          break
        case 'tool-input-start':
          blocks.endBlock()
          inputs.set(part.id, { name: part.toolName, text: '' })
          yield { type: 'tool-input', callId: part.id, name: part.toolName, text: '' }
          break
        case 'tool-input-delta': {
          const input = inputs.get(part.id)
          if (!input) break
          input.text += part.delta
          yield { type: 'tool-input', callId: part.id, name: input.name, text: part.delta }
          break
        }
        case 'tool-call': {
          const argumentsText = inputs.get(part.toolCallId)?.text ?? JSON.stringify(part.input ?? {})
          // Not told of yet: of an answer that breaks off, the SDK hands out what there is of a call as if it were whole.
          calls.push({ type: 'tool-call', callId: part.toolCallId, name: part.toolName, argumentsText })
          break
        }
        case 'finish-step': {
          // What the SDK makes of an answer that ended in good order and yet too early, unless it makes an error of it.
          const isComplete = part.finishReason !== 'interrupted'
          const usage = toUsage(part.usage)
          if (usage) yield { type: 'usage', usage }
          // Without arguments is how some call a tool that needs none; here, it had no room left to say them.
          if (part.finishReason === 'length' && calls.at(-1)?.argumentsText.trim() === '') calls.pop()
          if (!isComplete)
            throw new AgentError('PROVIDER', 'The provider ended its answer before it was whole: try again.')
          break
        }
        case 'error':
          // It was told to call no tools and did: the SDK has left the calls out, and what it said besides is its answer.
          if (ToolChoiceViolationError.isInstance(part.error)) break
          throw part.error
      }
    }
  } catch (error) {
    yield* toTextEvents(parser.flush())
    throw error
  }
  return { calls, hasText }
}

function toUsage(usage: LanguageModelUsage): Usage | null {
  const { inputTokens, outputTokens } = usage
  if (inputTokens === undefined && outputTokens === undefined) return null
  return {
    estimated: false,
    inputTokens: inputTokens ?? 0,
    outputTokens: outputTokens ?? 0,
    reasoningTokens: usage.outputTokenDetails.reasoningTokens ?? 0,
    cachedInputTokens: usage.inputTokenDetails.cacheReadTokens ?? 0,
  }
}

/** Names stretches of text: the same name as long as the same source goes on with nothing between. */
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
