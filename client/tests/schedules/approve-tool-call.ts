import { createSegueClient, type SegueClient, type SegueClientOptions, SegueError } from '../../src/index.ts'

/** Whether the model of a schedule calls a tool that needs approval before it answers. */
export function callsTool(seed: number): boolean {
  return seed % 3 === 0
}

/** With which arguments the model of a schedule calls the tool. */
export function toToolArguments(seed: number): string {
  return JSON.stringify({ schedule: seed })
}

/** Approves the tool call of a schedule, in a page that has connections of its own. */
export class ToolCallApprover implements AsyncDisposable {
  readonly #client: SegueClient
  readonly #approving: Promise<void>

  constructor(options: SegueClientOptions, seed: number) {
    this.#client = createSegueClient({ ...options, transport: options.transport === 'ws' ? 'sse' : 'ws' })
    this.#approving = callsTool(seed) ? this.#approve(seed) : Promise.resolve()
  }

  /** Closes the page. An answer that was cancelled may never have asked. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close()
    await this.#approving
  }

  async #approve(seed: number): Promise<void> {
    for await (const { approvals } of this.#client.decisions()) {
      const approval = approvals.find(({ toolCall }) => toolCall.argumentsText === toToolArguments(seed))
      if (approval) return this.#pressButton(approval.id, `approve ${seed}`)
    }
  }

  /** Again where the connection is lost for too long. It may be too late: the answer has ended, and the page is closed. */
  async #pressButton(id: string, key: string): Promise<void> {
    for (;;) {
      try {
        await this.#client.answerApproval(id, { decision: 'ONCE' }, { key })
        return
      } catch (error) {
        if (error instanceof Error && error.name === 'AbortError') return
        if (!(error instanceof SegueError)) throw error
        if (error.code === 'STALE') return
        if (error.code !== 'CONNECTION_LOST') throw error
      }
    }
  }
}
