import type { AgentEvent, AgentRun } from '../../../src/agent/agent.ts'

/** What an agent does next: an event, an error that it throws, or null for the end of its answer. */
export type ScriptItem = AgentEvent | Error | null

/** One run of an agent. The test releases what it does. */
export class ScriptedRun {
  readonly #run: AgentRun
  readonly #obeysSignal: boolean
  readonly #queue: ScriptItem[] = []
  #wake: () => void = () => undefined
  /** Whether the last item was released. */
  isFinished = false

  constructor(run: AgentRun, obeysSignal: boolean) {
    this.#run = run
    this.#obeysSignal = obeysSignal
    run.signal.addEventListener('abort', () => this.#wake())
  }

  release(...items: readonly ScriptItem[]): void {
    this.#queue.push(...items)
    if (items.some((item) => item === null || item instanceof Error)) this.isFinished = true
    this.#wake()
  }

  async *events(): AsyncGenerator<AgentEvent, void, void> {
    await this.#run.loadHistory()
    for (;;) {
      if (this.#obeysSignal && this.#run.signal.aborted) return
      const item = this.#queue.shift()
      if (item === null) return
      if (item instanceof Error) throw item
      if (item) yield item
      else {
        const { promise, resolve } = Promise.withResolvers<void>()
        this.#wake = resolve
        await promise
      }
    }
  }
}
