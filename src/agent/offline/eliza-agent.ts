import { setImmediate, setTimeout } from 'node:timers/promises'
import type { ModelMessage } from 'ai'
import type { Agent, AgentEvent, AgentRun } from '../agent.ts'
import { estimateTokens } from '../agent.ts'
import { converse } from './eliza.ts'

export interface ElizaOptions {
  /** Milliseconds between two words; 0 for as fast as it goes. */
  readonly delayMs: number
}

/** An agent that needs neither a key nor a network. It says, word by word, which rule it follows, then its reply. */
export function eliza({ delayMs }: ElizaOptions): Agent {
  return {
    async *answer({ history, signal }: AgentRun): AsyncGenerator<AgentEvent> {
      const texts = (await history()).flatMap(userText)
      const inputTokens = estimateTokens(texts.join('').length)
      yield { type: 'step', estimatedInputTokens: inputTokens }

      const answer = converse(texts)
      const trace = answer.trace.join(' ')
      const words = [
        ...wordsOf(trace).map((text) => ({ type: 'reasoning', block: 'rule', text }) as const),
        ...wordsOf(answer.reply).map((text) => ({ type: 'text', block: 'reply', text }) as const),
      ]
      for (const [index, word] of words.entries()) {
        if (index > 0) await pause(delayMs, index, signal)
        if (signal.aborted) return
        yield word
      }

      const reasoningTokens = estimateTokens(trace.length)
      const outputTokens = reasoningTokens + estimateTokens(answer.reply.length)
      const usage = { estimated: true, inputTokens, outputTokens, reasoningTokens, cachedInputTokens: 0 }
      yield { type: 'usage', usage }
    },
  }
}

/** What a message of the user says; nothing for one of anybody else. */
function userText(message: ModelMessage): string[] {
  if (message.role !== 'user') return []
  if (typeof message.content === 'string') return [message.content]
  return [message.content.flatMap((part) => (part.type === 'text' ? part.text : [])).join('\n')]
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
