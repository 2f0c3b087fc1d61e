interface McpServerIdentity {
  /** As the user wrote it. */
  readonly name: string
  /** The names of its tools begin with `<prefix>__`. It contains no `__`, and no other server has it. */
  readonly prefix: string
}

interface McpServerBase extends McpServerIdentity {
  /** Milliseconds until a start fails. It includes listing the tools. */
  readonly startTimeoutMs: number
  /** Patterns of the tools to offer, by the server's own names. Empty: all. */
  readonly include: readonly string[]
  /** Patterns of the tools to leave out. They take precedence. */
  readonly exclude: readonly string[]
  /** Patterns of the tools that run without approval, unless a rule of `approvals` says otherwise. */
  readonly autoApprove: readonly string[]
  /** Texts that must not appear in logs and errors. */
  readonly secrets: readonly string[]
}

/** A local MCP server: a program that communicates over standard input and output. */
export interface StdioMcpServer extends McpServerBase {
  readonly type: 'stdio'
  /** A name on the PATH, or a path. Relative paths start at `cwd`. */
  readonly command: string
  readonly args: readonly string[]
  /** The complete environment of the program. */
  readonly env: Readonly<Record<string, string>>
  /** An absolute path. */
  readonly cwd: string
}

/** A remote MCP server. */
export interface HttpMcpServer extends McpServerBase {
  /** `http`: streamable HTTP. `sse`: the older transport with an event stream. */
  readonly type: 'http' | 'sse'
  /** Whether the configuration does not say the type. */
  readonly isTypeAssumed: boolean
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** An MCP server that can be started. Everything is resolved: nothing is read from the environment later. */
export type McpServer = StdioMcpServer | HttpMcpServer

/** An MCP server that is not used, because it is disabled or its entry in config.json is invalid. */
export interface UnusedMcpServer extends McpServerIdentity {
  readonly type: 'unused'
  /** What is wrong with the entry, and what to do. Null: it is disabled. */
  readonly error: string | null
}

export type ConfiguredMcpServer = McpServer | UnusedMcpServer
