import { ToolChoiceViolationError } from 'ai'
import type { LanguageModelUsage, TextStreamPart, ToolSet } from 'ai'
import type { Usage } from '../../model/records.ts'
import { AgentError } from '../agent.ts'
import type { AgentEvent } from '../agent.ts'
import { ThinkSplitter } from './think-tag-parser.ts'
import type { Stretch } from './think-tag-parser.ts'

/** A call that the model has made whole. */
export type WholeCall = Extract<AgentEvent, { type: 'tool-call' }>

/** What one step came to. */
export interface StepOutcome {
  /** In the order in which the model made them; to be told of by whoever has them done. */
  readonly calls: readonly WholeCall[]
  /** Whether there was any text, white space included. */
  readonly spoke: boolean
}

/**
 * The parts that the SDK makes of one request, as events; inline thinking becomes reasoning. Throws what the parts hold
 * as an error, or the connection's own, after everything that came before it has been yielded. Ends early, with what
 * there is, once the SDK has noticed the abort. `step` makes the names of blocks unique within an answer.
 */
export async function* stepEvents(
  parts: AsyncIterable<TextStreamPart<ToolSet>>,
  step: number,
): AsyncGenerator<AgentEvent, StepOutcome> {
  const splitter = new ThinkSplitter()
  const blocks = new Blocks(step)
  const inputs = new Map<string, { readonly name: string; text: string }>()
  const calls: WholeCall[] = []
  let textId = ''
  let spoke = false

  const speak = (stretches: readonly Stretch[]): AgentEvent[] =>
    stretches.map(({ kind, turn, text }) => {
      spoke ||= kind === 'text'
      return { type: kind, block: blocks.name(`text ${textId} ${turn}`), text }
    })

  try {
    for await (const part of parts) {
      // What is held back belongs before whatever else comes.
      if (part.type !== 'text-delta') yield* speak(splitter.flush())
      switch (part.type) {
        case 'text-delta':
          textId = part.id
          yield* speak(splitter.push(part.text))
          break
        case 'reasoning-delta':
          if (part.text !== '') yield { type: 'reasoning', block: blocks.name(`reasoning ${part.id}`), text: part.text }
          break
        case 'tool-input-start':
          blocks.end()
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
          const whole = part.finishReason !== 'interrupted'
          const usage = toUsage(part.usage)
          if (usage) yield { type: 'usage', usage }
          // Without arguments is how some call a tool that needs none; here, it had no room left to say them.
          if (part.finishReason === 'length' && calls.at(-1)?.argumentsText.trim() === '') calls.pop()
          if (!whole) throw new AgentError('PROVIDER', 'The provider ended its answer before it was whole: try again.')
          break
        }
        case 'error':
          // It was told to call no tools and did: the SDK has left the calls out, and what it said besides is its answer.
          if (ToolChoiceViolationError.isInstance(part.error)) break
          throw part.error
      }
    }
  } catch (error) {
    yield* speak(splitter.flush())
    throw error
  }
  return { calls, spoke }
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
class Blocks {
  readonly #step: number
  #count = 0
  #source: string | null = null

  constructor(step: number) {
    this.#step = step
  }

  name(source: string): string {
    if (source !== this.#source) this.#count += 1
    this.#source = source
    return `${this.#step}.${this.#count}`
  }

  end(): void {
    this.#source = null
  }
}
