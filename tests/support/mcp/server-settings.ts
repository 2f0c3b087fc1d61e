import type { HttpMcpServer, McpServer } from '../../../src/config/profile/mcp/mcp-server.ts'

/** What every server has, with its defaults. */
export const newServerSettings = (name: string) => ({
  name,
  prefix: name,
  startTimeoutMs: 30_000,
  include: [],
  exclude: [],
  autoApprove: [],
  secrets: [],
})

/** A remote server named `http`, or like its type. */
export const newHttpServer = (url: string, type: 'http' | 'sse' = 'http'): HttpMcpServer => ({
  ...newServerSettings(type),
  type,
  isTypeAssumed: false,
  url,
  headers: {},
})

/** The same server under another name. */
export const withName = <T extends McpServer>(name: string, server: T): T => ({ ...server, name, prefix: name })
