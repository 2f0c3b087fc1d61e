import {
  AgentError,
  type GeneratedText,
  type GenerateSummaryRequest,
  type SummaryAndTitleGenerator,
} from '../../../src/agent/agent.ts'
import { noUsage, type Usage } from '../../../src/model/usage.ts'

/** How the next summaries are written. */
export type SummaryMode = 'short' | 'long' | 'failed' | 'empty' | 'held'

/** What each summary costs: more than all answers of a test together. */
export const summaryTokens = 1_000_000
const summaryUsage: Usage = { ...noUsage, inputTokens: summaryTokens, outputTokens: 1 }

/** Writes numbered summaries, and knows which messages each of them stands for. The messages are those of `newMessageText`. */
export class SimulatedSummaries implements SummaryAndTitleGenerator {
  mode: SummaryMode = 'short'
  /** How many summaries were requested. Each may have cost something. */
  requestCount = 0
  /** The numbers of the messages that each summary stands for. */
  readonly #messagesBySummary = new Map<number, readonly number[]>()
  #held: (() => void)[] = []

  get isHolding(): boolean {
    return this.#held.length > 0
  }

  /** Writes the summaries that are held, and the next ones at once. */
  release(mode: SummaryMode = 'short'): void {
    this.mode = mode
    for (const resolve of this.#held.splice(0)) resolve()
  }

  /** Gives up what is held: its server has crashed. */
  reset(): void {
    this.mode = 'short'
    this.#held = []
  }

  /** The numbers of the messages that a summary stands for. */
  findMessages(text: string): ReadonlySet<number> {
    return new Set(findSummaryNumbers(text).flatMap((number) => this.#messagesBySummary.get(number) ?? []))
  }

  async generateSummary(request: GenerateSummaryRequest): Promise<GeneratedText> {
    this.requestCount += 1
    const number = this.requestCount
    const { previousSummary, paragraphs, maxTokens, onEvent } = request
    onEvent?.({ type: 'step', estimatedInputTokens: 0 })
    if (this.mode === 'held') await new Promise<void>((resolve) => this.#held.push(resolve))
    if (this.mode === 'failed') throw new AgentError('PROVIDER', 'The summary failed.')
    onEvent?.({ type: 'usage', usage: summaryUsage })
    if (this.mode === 'empty') return { text: ' ', usage: summaryUsage }
    const prompt = [previousSummary ?? '', ...paragraphs].join('\n')
    this.#messagesBySummary.set(number, [...findMessageNumbers(prompt), ...this.findMessages(prompt)])
    const more = this.mode === 'long' ? ' They spoke of this and that.'.repeat(maxTokens) : ''
    return { text: `Summary ${number}.${more}`, usage: summaryUsage }
  }

  generateTitle(): Promise<null> {
    return Promise.resolve(null)
  }
}

/** A message that can be recognised by its number, also where only its beginning or its end is quoted. */
export function newMessageText(number: number, words: number): string {
  return `<Message ${number}> ${'word '.repeat(words)}<Message ${number}>`
}

/** The numbers of the messages in a text. */
export function findMessageNumbers(text: string): number[] {
  return [...text.matchAll(/<Message (\d+)>/g)].map(([, number]) => Number(number))
}

/** The numbers of the summaries in a text. */
export function findSummaryNumbers(text: string): number[] {
  return [...text.matchAll(/Summary (\d+)\./g)].map(([, number]) => Number(number))
}
