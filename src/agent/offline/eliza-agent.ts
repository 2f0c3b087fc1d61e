import { setImmediate, setTimeout } from 'node:timers/promises'
import type { UserModelMessage } from 'ai'
import type { Agent, AgentEvent, AgentRun } from '../agent.ts'
import { estimateTokens } from '../estimate-tokens.ts'
import { runCalls, type WholeCall } from '../tools/execute-tool-calls.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { ordered } from './parse-commands.ts'
import { converse } from './eliza.ts'
import { outcomes } from './tool-result-text.ts'

export interface ElizaOptions {
  /** Milliseconds between two words; 0 for as fast as it goes. */
  readonly delayMs: number
  readonly toolbox: Toolbox
}

type Word = Extract<AgentEvent, { readonly type: 'text' | 'reasoning' | 'tool-input' }>

/**
 * An agent that needs neither a key nor a network. It says, word by word, which rule it follows, then its reply. A
 * message of commands has it call tools and ask questions instead, and then tell what came of them.
 */
export function eliza({ delayMs, toolbox }: ElizaOptions): Agent {
  return {
    async *answer(run: AgentRun): AsyncGenerator<AgentEvent> {
      const texts = (await run.history()).flatMap((message) => (message.role === 'user' ? [textsOf(message)] : []))
      const said = texts.map((parts) => parts.join('\n'))
      // Files come behind what was written, and begin with their name: what stands in one is no order.
      const calls = ordered(texts.at(-1)?.[0] ?? '')
      if (!calls) return yield* step(run, reply(said), said.join('').length, delayMs)

      yield* step(run, calls.flatMap(argumentsOf), said.join('').length, delayMs)
      if (run.signal.aborted) return
      yield* runCalls(calls, toolbox, run)
      if (run.signal.aborted) return
      const history = await run.history()
      const told = outcomes(history)
      const words = wordsOf(told).map((text) => ({ type: 'text', block: 'outcome', text }) as const)
      yield* step(run, words, told.length, delayMs)
    },
  }
}

/** What is said in one step, with its estimated usage. */
async function* step(
  { signal }: AgentRun,
  words: readonly Word[],
  read: number,
  delayMs: number,
): AsyncGenerator<AgentEvent, void, void> {
  const inputTokens = estimateTokens(read)
  yield { type: 'step', estimatedInputTokens: inputTokens }
  for (const [index, word] of words.entries()) {
    if (index > 0) await pause(delayMs, index, signal)
    if (signal.aborted) return
    yield word
  }
  const tokensOf = (kept: readonly Word[]): number =>
    estimateTokens(kept.reduce((units, { text }) => units + text.length, 0))
  const reasoningTokens = tokensOf(words.filter(({ type }) => type === 'reasoning'))
  const outputTokens = reasoningTokens + tokensOf(words.filter(({ type }) => type !== 'reasoning'))
  yield { type: 'usage', usage: { estimated: true, inputTokens, outputTokens, reasoningTokens, cachedInputTokens: 0 } }
}

function reply(said: readonly string[]): Word[] {
  const answer = converse(said.filter((text) => !ordered(text)))
  return [
    ...wordsOf(answer.trace.join(' ')).map((text) => ({ type: 'reasoning', block: 'rule', text }) as const),
    ...wordsOf(answer.reply).map((text) => ({ type: 'text', block: 'reply', text }) as const),
  ]
}

/** The arguments of a call in pieces, as a model would stream them. */
function argumentsOf({ callId, name, argumentsText }: WholeCall): Word[] {
  const pieces = ['', ...(argumentsText.match(/.{1,24}/gsu) ?? [])]
  return pieces.map((text) => ({ type: 'tool-input', callId, name, text }))
}

/** What a message of the user says, and what is written in the files that came with it. */
function textsOf({ content }: UserModelMessage): string[] {
  return typeof content === 'string' ? [content] : content.flatMap((part) => (part.type === 'text' ? part.text : []))
}

/** The words of a text, each with the space behind it, so that together they are the text. */
function wordsOf(text: string): string[] {
  return text.match(/\S+\s*/g) ?? []
}

const wordsPerTurn = 16 // without a delay, others get their turn of the event loop this often

/** Resolves after the delay, or as soon as the signal is aborted: an abort is an end here, not an error. */
async function pause(delayMs: number, index: number, signal: AbortSignal): Promise<void> {
  if (delayMs > 0) await setTimeout(delayMs, undefined, { signal }).catch(() => undefined)
  else if (index % wordsPerTurn === 0) await setImmediate()
}
