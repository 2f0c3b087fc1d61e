interface McpServerBase {
  /** Prefix of the names of its tools. */
  readonly name: string
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
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** An MCP server. Everything is resolved: nothing is read from the environment later. */
export type McpServer = StdioMcpServer | HttpMcpServer
