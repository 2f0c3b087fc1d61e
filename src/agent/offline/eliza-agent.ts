import { setTimeout } from 'node:timers/promises'
import type { ModelMessage, UserModelMessage } from 'ai'
import type { Agent, AgentEvent, AgentRun, ToolCallRequest } from '../agent.ts'
import { toBlobUrl } from '../../model/message-content/blob-url.ts'
import { estimateTokensOfLength } from '../tokens/estimate-tokens-of-length.ts'
import { unscaledTokenCounter } from '../tokens/token-counter.ts'
import type { Toolbox } from '../tools/toolbox.ts'
import { describeInstructions, isInstructionsCommand } from './describe-instructions.ts'
import { offlineDiceTool } from './offline-dice-tool.ts'
import { offlineFormTool } from './offline-form-tool.ts'
import { parseOfflineToolCommands } from './parse-offline-tool-commands.ts'
import { drawOfflineImage } from './draw-offline-image.ts'
import { answerAsEliza } from './eliza.ts'
import { describeToolResults } from './tool-result-text.ts'
import { yieldToEventLoop } from '../../lib/async/yield-to-event-loop.ts'

export interface ElizaAgentOptions {
  /** Milliseconds between two words. 0: no delay. */
  readonly delayMs: number
  readonly toolbox: Toolbox
}

/** Begins the last step of an answer whose budget is used up. */
const budgetText = 'The budget of this answer is used up. '
/** How many messages one answer takes: each that joins it has a step of its own. */
const maxSteps = 50

type StepEvent = Extract<AgentEvent, { readonly type: 'text' | 'reasoning' | 'tool-input' | 'file' }>

/**
 * Creates an agent that needs neither a key nor a network. It streams the rule that it applies as reasoning, then its
 * reply, word by word. If the message consists of commands, it calls tools and asks questions instead, and describes
 * their results. `/image <description>` makes it draw a picture, and `/instructions` repeat its instructions.
 */
export function createElizaAgent({ delayMs, toolbox }: ElizaAgentOptions): Agent {
  return {
    async *answer(run: AgentRun): AsyncGenerator<AgentEvent> {
      for (let step = 0; step === 0 || (step < maxSteps && run.hasPendingSteering()); step += 1) {
        yield* answerNewest(run, { delayMs, toolbox })
        if (run.signal.aborted || (await run.isBudgetUsedUp?.())) return
      }
    },
  }
}

/** Answers the newest message of the history: in one step, or in two if it calls tools. */
async function* answerNewest(run: AgentRun, { delayMs, toolbox }: ElizaAgentOptions): AsyncGenerator<AgentEvent> {
  const { effort = null } = run
  const history = await run.loadHistory()
  const userTexts = listUserTexts(history)
  // Only the first text is the user's. Further texts are files, which contain no commands.
  const prompt = userTexts.at(-1)?.[0] ?? ''
  const texts = userTexts.map((parts) => parts.join('\n'))
  const inputTokens = unscaledTokenCounter.countMessages(history)
  const image = parseImageCommand(prompt)
  if (image !== null) return yield* streamStep(run, await toImageEvents(image, run), inputTokens, delayMs)
  if (isInstructionsCommand(prompt)) {
    const words = splitWords(describeInstructions(history))
    const deltas = words.map((text) => ({ type: 'text', block: 'instructions', text }) as const)
    return yield* streamStep(run, deltas, inputTokens, delayMs)
  }
  const calls = parseOfflineToolCommands(prompt)
  if (!calls) return yield* streamStep(run, toReplyDeltas(texts, effort), inputTokens, delayMs)

  yield* streamStep(run, calls.flatMap(toArgumentDeltas), inputTokens, delayMs)
  if (run.signal.aborted) return
  yield* toolbox.execute(calls, run, [offlineFormTool, offlineDiceTool])
  if (run.signal.aborted) return
  const isBudgetUsedUp = (await run.isBudgetUsedUp?.()) ?? false
  const later = await run.loadHistory()
  const resultText = `${isBudgetUsedUp ? budgetText : ''}${describeToolResults(later)}`
  const deltas = splitWords(resultText).map((text) => ({ type: 'text', block: 'results', text }) as const)
  // A message that has come meanwhile stands behind the results.
  const newTexts = listUserTexts(later).slice(userTexts.length)
  const replies =
    newTexts.length > 0
      ? toReplyDeltas(
          newTexts.map((parts) => parts.join('\n')),
          effort,
        )
      : []
  yield* streamStep(run, [...deltas, ...replies], unscaledTokenCounter.countMessages(later), delayMs)
  if (isBudgetUsedUp) yield { type: 'finish', reason: 'BUDGET' }
}

function listUserTexts(history: readonly ModelMessage[]): string[][] {
  return history.flatMap((message) => (message.role === 'user' ? [extractTexts(message)] : []))
}

/** Streams the deltas of one step, with an estimate of its usage. `inputTokens`: those of what a model would be sent. */
async function* streamStep(
  { signal }: AgentRun,
  deltas: readonly StepEvent[],
  inputTokens: number,
  delayMs: number,
): AsyncGenerator<AgentEvent, void, void> {
  yield { type: 'step', estimatedInputTokens: inputTokens }
  for (const [index, delta] of deltas.entries()) {
    if (index > 0) await pause(delayMs, index, signal)
    if (signal.aborted) return
    yield delta
  }
  const estimateDeltaTokens = (group: readonly StepEvent[]): number =>
    estimateTokensOfLength(group.reduce((units, event) => units + (event.type === 'file' ? 0 : event.text.length), 0))
  const reasoningTokens = estimateDeltaTokens(deltas.filter(({ type }) => type === 'reasoning'))
  const outputTokens = reasoningTokens + estimateDeltaTokens(deltas.filter(({ type }) => type !== 'reasoning'))
  yield { type: 'finish', reason: deltas.some(({ type }) => type === 'tool-input') ? 'TOOL_CALLS' : 'STOP' }
  yield { type: 'usage', usage: { estimated: true, inputTokens, outputTokens, reasoningTokens, cachedInputTokens: 0 } }
}

/** A low effort leaves the reasoning out, a high one says it at more length. */
function toReplyDeltas(userTexts: readonly string[], effort: string | null): StepEvent[] {
  const answer = answerAsEliza(userTexts.filter((text) => !parseOfflineToolCommands(text)))
  return [
    ...splitWords(traceWithEffort(answer.trace, effort).join(' ')).map(
      (text) => ({ type: 'reasoning', block: 'rule', text }) as const,
    ),
    ...splitWords(answer.reply).map((text) => ({ type: 'text', block: 'reply', text }) as const),
  ]
}

const afterthought = 'I have considered this with care, and found no better rule.'

function traceWithEffort(trace: readonly string[], effort: string | null): readonly string[] {
  if (effort === 'low') return []
  return effort === 'high' ? [...trace, afterthought] : trace
}

/** The description in a message `/image <description>`. Null for any other message. */
function parseImageCommand(text: string): string | null {
  return /^\s*\/image\s+(\S.*)$/s.exec(text)?.[1]?.trim() ?? null
}

async function toImageEvents(description: string, { storeFile }: AgentRun): Promise<StepEvent[]> {
  const image = { bytes: drawOfflineImage(description), mediaType: 'image/png', name: null }
  const { mediaType, hash } = await storeFile(image)
  const words = splitWords(`Here is a picture of ${description}. I cannot draw better without a model.`)
  return [
    { type: 'file', mediaType, name: null, url: toBlobUrl(hash) },
    ...words.map((text) => ({ type: 'text', block: 'caption', text }) as const),
  ]
}

/** Splits the arguments of a call into deltas, as a model streams them. */
function toArgumentDeltas({ callId, name, argumentsText }: ToolCallRequest): StepEvent[] {
  const chunks = ['', ...(argumentsText.match(/.{1,24}/gsu) ?? [])]
  return chunks.map((text) => ({ type: 'tool-input', callId, name, text }))
}

/** The text of a user message, and the contents of its text files. */
function extractTexts({ content }: UserModelMessage): string[] {
  return typeof content === 'string' ? [content] : content.flatMap((part) => (part.type === 'text' ? part.text : []))
}

/** Splits a text into words with their trailing white space. Joined, they are the text. */
function splitWords(text: string): string[] {
  return text.match(/\S+\s*/g) ?? []
}

/** Without a delay, the agent yields to the event loop after this many words. */
const wordsPerYield = 16

/** Resolves after the delay, or when the signal aborts. */
async function pause(delayMs: number, index: number, signal: AbortSignal): Promise<void> {
  if (delayMs > 0) await setTimeout(delayMs, undefined, { signal }).catch(() => undefined)
  else if (index % wordsPerYield === 0) await yieldToEventLoop()
}
