import type { ApprovalPolicy } from './approval-policy.ts'
import type { Tool, ToolSource } from './tool.ts'
import type { Logger } from '../../lib/logger.ts'

export interface ToolboxOptions {
  readonly source: ToolSource
  readonly policy: ApprovalPolicy
  /** Keeps what is too large for the log; resolves to its hash once it is on disk. */
  readonly storeFile: (bytes: Uint8Array) => Promise<string>
  /** Milliseconds after which a tool that has not finished has failed. */
  readonly toolTimeoutMs: number
  /** Milliseconds after which a person who has not decided has said no. */
  readonly decisionTimeoutMs: number
  /** The longest result that goes into the log and to the model, in UTF-16 code units. */
  readonly maxResultLength: number
  readonly log: Logger
}

/** The tools of a profile, with the rules for their use. */
export class Toolbox {
  readonly options: ToolboxOptions

  constructor(options: ToolboxOptions) {
    this.options = options
  }

  /** Those that can be called now, by name. */
  async tools(): Promise<ReadonlyMap<string, Tool>> {
    const tools = await this.options.source.tools()
    return new Map(tools.map((tool) => [tool.name, tool]))
  }
}
