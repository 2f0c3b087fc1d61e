import type { ModelMessage } from 'ai'
import type { AgentEvent, AgentRun } from '../../../src/agent/agent.ts'
import { reservedTokens } from './simulated-models.ts'

/** What an agent does next: an event, another request to its model, an error that it throws, or null for the end of its answer. */
export type ScriptItem = AgentEvent | 'request' | Error | null

/** One run of an agent. The test releases what it does. */
export class ScriptedRun {
  readonly #run: AgentRun
  readonly #obeysSignal: boolean
  readonly #onRequest: (messages: readonly ModelMessage[]) => void
  readonly #queue: ScriptItem[] = []
  #wake: () => void = () => undefined
  #openRequests = 0
  /** Whether the last item was released, or the run has ended without it. */
  isFinished = false

  /** `onRequest` receives what the model is sent. */
  constructor(run: AgentRun, obeysSignal: boolean, onRequest: (messages: readonly ModelMessage[]) => void) {
    this.#run = run
    this.#obeysSignal = obeysSignal
    this.#onRequest = onRequest
    run.signal.addEventListener('abort', () => this.#wake())
  }

  get model(): string {
    return this.#run.model
  }

  /** Whether its stream can go on with it. */
  get isLive(): boolean {
    return !this.isFinished && !this.#run.signal.aborted
  }

  /** Whether it waits for what its model is sent. */
  get isRequesting(): boolean {
    return this.#openRequests > 0 && !this.#run.signal.aborted
  }

  release(...items: readonly ScriptItem[]): void {
    this.#queue.push(...items)
    if (items.some((item) => item === null || item instanceof Error)) this.isFinished = true
    this.#wake()
  }

  async *events(): AsyncGenerator<AgentEvent, void, void> {
    await this.#request()
    for (;;) {
      if (this.#obeysSignal && this.#run.signal.aborted) return
      const item = this.#queue.shift()
      if (item === null) return
      if (item instanceof Error) throw item
      if (item === 'request') await this.#request()
      else if (item) yield item
      else {
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#wake = resolve
        await promise
      }
    }
  }

  async #request(): Promise<void> {
    this.#openRequests += 1
    try {
      const messages = await this.#run.loadHistory({ reservedTokens })
      if (!this.#run.signal.aborted) this.#onRequest(messages)
    } catch (error) {
      this.isFinished = true
      throw error
    } finally {
      this.#openRequests -= 1
    }
  }
}
