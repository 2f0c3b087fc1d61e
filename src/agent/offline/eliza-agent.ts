import { setTimeout } from 'node:timers/promises'
import type { UserModelMessage } from 'ai'
import type { Agent, AgentEvent, AgentRun, ToolCallRequest } from '../agent.ts'
import { estimateTokens } from '../estimate-tokens.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { parseCommands } from './parse-commands.ts'
import { converse } from './eliza.ts'
import { describeToolResults } from './tool-result-text.ts'
import { yieldToEventLoop } from '../../lib/yield-to-event-loop.ts'

export interface ElizaAgentOptions {
  /** Milliseconds between two words; 0 for as fast as it goes. */
  readonly delayMs: number
  readonly toolbox: Toolbox
}

type DeltaEvent = Extract<AgentEvent, { readonly type: 'text' | 'reasoning' | 'tool-input' }>

/**
 * An agent that needs neither a key nor a network. It says, word by word, which rule it follows, then its reply. A
 * message of commands has it call tools and ask questions instead, and then tell what came of them.
 */
export function createElizaAgent({ delayMs, toolbox }: ElizaAgentOptions): Agent {
  return {
    async *answer(run: AgentRun): AsyncGenerator<AgentEvent> {
      const texts = (await run.history()).flatMap((message) => (message.role === 'user' ? [extractTexts(message)] : []))
      const userTexts = texts.map((parts) => parts.join('\n'))
      // Files come behind what was written, and begin with their name: what stands in one is no order.
      const calls = parseCommands(texts.at(-1)?.[0] ?? '')
      if (!calls) return yield* streamStep(run, toReplyDeltas(userTexts), userTexts.join('').length, delayMs)

      yield* streamStep(run, calls.flatMap(toArgumentDeltas), userTexts.join('').length, delayMs)
      if (run.signal.aborted) return
      yield* toolbox.execute(calls, run)
      if (run.signal.aborted) return
      const history = await run.history()
      const resultText = describeToolResults(history)
      const deltas = splitWords(resultText).map((text) => ({ type: 'text', block: 'outcome', text }) as const)
      yield* streamStep(run, deltas, resultText.length, delayMs)
    },
  }
}

/** What is said in one step, with its estimated usage. */
async function* streamStep(
  { signal }: AgentRun,
  deltas: readonly DeltaEvent[],
  inputLength: number,
  delayMs: number,
): AsyncGenerator<AgentEvent, void, void> {
  const inputTokens = estimateTokens(inputLength)
  yield { type: 'step', estimatedInputTokens: inputTokens }
  for (const [index, delta] of deltas.entries()) {
    if (index > 0) await pause(delayMs, index, signal)
    if (signal.aborted) return
    yield delta
  }
  const estimateDeltaTokens = (group: readonly DeltaEvent[]): number =>
    estimateTokens(group.reduce((units, { text }) => units + text.length, 0))
  const reasoningTokens = estimateDeltaTokens(deltas.filter(({ type }) => type === 'reasoning'))
  const outputTokens = reasoningTokens + estimateDeltaTokens(deltas.filter(({ type }) => type !== 'reasoning'))
  yield { type: 'usage', usage: { estimated: true, inputTokens, outputTokens, reasoningTokens, cachedInputTokens: 0 } }
}

function toReplyDeltas(userTexts: readonly string[]): DeltaEvent[] {
  const answer = converse(userTexts.filter((text) => !parseCommands(text)))
  return [
    ...splitWords(answer.trace.join(' ')).map((text) => ({ type: 'reasoning', block: 'rule', text }) as const),
    ...splitWords(answer.reply).map((text) => ({ type: 'text', block: 'reply', text }) as const),
  ]
}

/** The arguments of a call in pieces, as a model would stream them. */
function toArgumentDeltas({ callId, name, argumentsText }: ToolCallRequest): DeltaEvent[] {
  const chunks = ['', ...(argumentsText.match(/.{1,24}/gsu) ?? [])]
  return chunks.map((text) => ({ type: 'tool-input', callId, name, text }))
}

/** What a message of the user says, and what is written in the files that came with it. */
function extractTexts({ content }: UserModelMessage): string[] {
  return typeof content === 'string' ? [content] : content.flatMap((part) => (part.type === 'text' ? part.text : []))
}

/** The words of a text, each with the space behind it, so that together they are the text. */
function splitWords(text: string): string[] {
  return text.match(/\S+\s*/g) ?? []
}

const wordsPerYield = 16 // without a delay, others get their turn of the event loop this often

/** Resolves after the delay, or as soon as the signal is aborted: an abort is an end here, not an error. */
async function pause(delayMs: number, index: number, signal: AbortSignal): Promise<void> {
  if (delayMs > 0) await setTimeout(delayMs, undefined, { signal }).catch(() => undefined)
  else if (index % wordsPerYield === 0) await yieldToEventLoop()
}
