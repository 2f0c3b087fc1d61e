import { MCPClientError } from '@ai-sdk/mcp'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type McpFailureReason, formatMcpFailure } from '../../../../src/agent/mcp/transport/mcp-failure-reason.ts'
import { McpConnectionError, McpFailureError } from '../../../../src/agent/mcp/transport/mcp-failure-error.ts'
import { toMcpFailureReason } from '../../../../src/agent/mcp/transport/to-mcp-failure-reason.ts'

describe('a failure reason', () => {
  test.each<McpFailureReason>([
    { kind: 'exit', code: 1 },
    { kind: 'exit', code: null },
    { kind: 'signal', signal: 'SIGTERM' },
    { kind: 'stopped' },
    { kind: 'program-not-found' },
    { kind: 'folder-not-found' },
    { kind: 'program-not-executable' },
    { kind: 'start-timeout', timeoutMs: 1500 },
    { kind: 'unreachable', code: 'ECONNREFUSED' },
    { kind: 'redirect', status: 307 },
    { kind: 'session-lost', status: 404 },
    { kind: 'http-status', status: 403 },
    { kind: 'http-status', status: 500 },
    { kind: 'stream-ended' },
    { kind: 'response-incomplete' },
    { kind: 'message-too-large', maxBytes: 1 },
    { kind: 'invalid-message', paths: ['tools.0.name'] },
    { kind: 'tool-list-loop' },
    { kind: 'tool-list-too-long', maxTools: 1 },
  ])('is formatted as sentences: %j', (reason) => {
    expect(formatMcpFailure(reason)).toMatch(/^(?:The|There is) .*\.$/)
    expect(new McpFailureError(reason).message).toBe(formatMcpFailure(reason))
  })
})

describe('the reason of an error', () => {
  const clientError = (options: object): MCPClientError => new MCPClientError({ message: 'Failed.', ...options })

  test.each<[string, unknown, McpFailureReason]>([
    ['an McpError', new McpConnectionError({ kind: 'stopped' }), { kind: 'stopped' }],
    ['a client error with a status', clientError({ statusCode: 502 }), { kind: 'http-status', status: 502 }],
    ['a client error with a code', clientError({ code: -32_601 }), { kind: 'other', message: 'Failed.' }],
    [
      'a client error with a cause',
      clientError({ cause: new McpFailureError({ kind: 'stopped' }) }),
      { kind: 'stopped' },
    ],
    ['another error', new Error('Broken.'), { kind: 'other', message: 'Broken.' }],
    ['a string', 'broken', { kind: 'other', message: 'broken' }],
    [
      'a schema error',
      z.object({ a: z.string() }).safeParse({ a: 1 }).error,
      { kind: 'invalid-message', paths: ['a'] },
    ],
  ])('is found for %s', (_, error, reason) => {
    expect(toMcpFailureReason(error)).toEqual(reason)
  })
})
