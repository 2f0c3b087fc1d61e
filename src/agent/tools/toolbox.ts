import type { AgentEvent, AgentRun, ToolCallRequest } from '../agent.ts'
import type { Tool, ToolSource } from './tool.ts'
import { ToolExecutor, type ToolExecutorOptions } from './tool-executor.ts'

export interface ToolboxOptions extends ToolExecutorOptions {
  readonly source: ToolSource
}

/** The tools of a profile: lists them, and executes calls under the profile's rules. */
export class Toolbox {
  readonly #source: ToolSource
  readonly #executorOptions: ToolExecutorOptions

  constructor({ source, ...executorOptions }: ToolboxOptions) {
    this.#source = source
    this.#executorOptions = executorOptions
  }

  /** The tools that are available now, by name. */
  async listTools(): Promise<ReadonlyMap<string, Tool>> {
    const tools = await this.#source.listTools()
    return new Map(tools.map((tool) => [tool.name, tool]))
  }

  /** Executes the tool calls of one step, as `ToolExecutor.execute` does. */
  async *execute(calls: readonly ToolCallRequest[], run: AgentRun): AsyncGenerator<AgentEvent, void, void> {
    yield* new ToolExecutor(this.#executorOptions, await this.listTools(), run).execute(calls)
  }
}
