import { MCPClientError } from '@ai-sdk/mcp'
import { z } from 'zod'
import type { McpFailureReason } from './mcp-failure-reason.ts'
import { mcpConnectionClosedCode, mcpMessageTooLargeCode } from './json-rpc.ts'
import { maxMcpMessageBytes } from './line-splitter.ts'
import { McpFailureError } from './mcp-failure-error.ts'

const maxReportedPaths = 3

/** Returns the reason of any error that the MCP client or a transport throws. */
export function toMcpFailureReason(error: unknown): McpFailureReason {
  if (error instanceof McpFailureError) return error.reason
  if (error instanceof z.ZodError)
    return {
      kind: 'invalid-message',
      paths: error.issues.slice(0, maxReportedPaths).map(({ path }) => path.join('.')),
    }
  if (!MCPClientError.isInstance(error))
    return { kind: 'other', message: error instanceof Error ? error.message : String(error) }
  if (error.statusCode !== undefined) return { kind: 'http-status', status: error.statusCode }
  if (error.code === mcpConnectionClosedCode) return { kind: 'response-incomplete' }
  if (error.code === mcpMessageTooLargeCode) return { kind: 'message-too-large', maxBytes: maxMcpMessageBytes }
  // The cause is the reason of an abort, or the error of a response that could not be parsed.
  return error.code === undefined && error.cause instanceof Error
    ? toMcpFailureReason(error.cause)
    : { kind: 'other', message: error.message }
}
