interface McpServerBase {
  /** The beginning of the names of its tools. */
  readonly name: string
  /** What may stand in no log and in no error. */
  readonly secrets: readonly string[]
}

/** A program that is run here and spoken to over its standard input and output. */
export interface StdioServer extends McpServerBase {
  readonly type: 'stdio'
  /** On the PATH, or a path; a relative one begins at `cwd`. */
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment that it gets. */
  readonly env: Readonly<Record<string, string>>
  /** Absolute. */
  readonly cwd: string
}

export interface HttpServer extends McpServerBase {
  /** `sse`: the way of speaking that came before streamable HTTP. */
  readonly type: 'http' | 'sse'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** A server of the Model Context Protocol, with everything resolved: nothing is read from the environment later on. */
export type McpServer = StdioServer | HttpServer
