import type { AgentEvent, AgentRun, ToolCallRequest } from '../agent.ts'
import type { ApprovalAction } from '../../config/profile/approvals.ts'
import type { McpServerStatus } from './mcp-server-status.ts'
import type { Tool } from './tool.ts'
import type { AvailableToolsWithNotes, ToolSource } from './tool-source.ts'
import { ToolExecutor, type ToolExecutorOptions } from './tool-executor.ts'

export interface ToolboxOptions extends ToolExecutorOptions {
  readonly source: ToolSource
}

/** The tools of a profile: lists them, and executes calls under the profile's rules. */
export class Toolbox {
  readonly #source: ToolSource
  #executorOptions: ToolExecutorOptions

  /** Whether models are offered the built-in `clarify`. */
  get offersClarify(): boolean {
    return this.#executorOptions.offersClarify
  }

  constructor({ source, ...executorOptions }: ToolboxOptions) {
    this.#source = source
    this.#executorOptions = executorOptions
  }

  /** Changes rules and limits. They apply to the calls of the next step of an answer. */
  configure(options: Partial<ToolExecutorOptions>): void {
    this.#executorOptions = { ...this.#executorOptions, ...options }
  }

  /** The tools that are available now, and what a model must know about them. */
  listTools(): Promise<AvailableToolsWithNotes> {
    return this.#source.listTools()
  }

  /** What a model must know about the tools that are available now. Starts nothing. */
  listNotes(): readonly string[] {
    return this.#source.listNotes()
  }

  /** The MCP servers of the profile, in the order of its configuration. Starts none of them. */
  listMcpServers(): readonly McpServerStatus[] {
    return this.#source.listMcpServers()
  }

  /** What the configuration says about the calls of a tool, whatever their arguments are. */
  findApprovalAction(tool: Tool): ApprovalAction {
    return this.#executorOptions.policy.findAction(tool)
  }

  /** Executes the tool calls of one step, as `ToolExecutor.execute` does. `agentTools` are the agent's own tools. */
  execute(
    calls: readonly ToolCallRequest[],
    run: AgentRun,
    agentTools: readonly Tool[] = [],
  ): AsyncGenerator<AgentEvent, void, void> {
    const findTool: ToolSource['findTool'] = async (name, signal) =>
      agentTools.find((tool) => tool.name === name) ?? this.#source.findTool(name, signal)
    return new ToolExecutor(this.#executorOptions, { findTool }, run).execute(calls)
  }
}
