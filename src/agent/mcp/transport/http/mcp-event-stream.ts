import type { IncomingMessage } from 'node:http'
import type { JSONRPCMessage } from '@ai-sdk/mcp'
import { parseJsonOrNull } from '../../../../lib/text/json.ts'
import { markBigIntegers } from '../big-integer-marker.ts'
import { createMcpTooLargeError, type McpNotification, toJsonRpcMessage, toMcpNotification } from '../json-rpc.ts'
import { findJsonRpcResponseId, LineSplitter, maxMcpMessageBytes, type OversizedMcpLine } from '../line-splitter.ts'
import { readMcpResponseChunks } from './mcp-http-request.ts'

export interface McpEventStreamOptions {
  readonly onNotification: (notification: McpNotification) => void
  /** The request that the stream responds to; null for the stream of notifications. */
  readonly requestId: string | number | null
  /** A message to append at the end; null for none. */
  readonly finalMessage: JSONRPCMessage | null
  /** Whether a broken connection throws. Otherwise it ends the stream normally. */
  readonly rethrowsErrors: boolean
}

/**
 * Yields the events of a stream for the AI SDK's client, one by one, with their messages in the form that it accepts. A
 * response that is too large becomes an error response.
 */
export async function* readMcpEventStream(
  response: IncomingMessage,
  options: McpEventStreamOptions,
): AsyncGenerator<Buffer> {
  const { finalMessage, rethrowsErrors } = options
  const lines = new LineSplitter()
  let event: (string | OversizedMcpLine)[] = []
  const takeEvent = (): string => {
    const text = formatEvent(event, options)
    event = []
    return text
  }
  try {
    for await (const chunk of readMcpResponseChunks(response))
      for (const line of lines.push(chunk)) {
        if (line === '' || line === '\r') yield Buffer.from(takeEvent())
        else event.push(line)
      }
    event.push(...lines.flush())
    yield Buffer.from(takeEvent())
  } catch (error) {
    if (rethrowsErrors) throw error
  }
  if (finalMessage) yield Buffer.from(formatMessageEvent(finalMessage, ''))
}

/** Formats the lines of one event for the client. */
function formatEvent(lines: readonly (string | OversizedMcpLine)[], options: McpEventStreamOptions): string {
  const texts = lines.flatMap((line) => (typeof line === 'string' ? [line.replace(/\r$/, '')] : []))
  const fields = texts.filter((line) => !line.startsWith('data'))
  const data = texts.flatMap((line) => /^data(?:: ?|$)(?<value>.*)/s.exec(line)?.groups?.['value'] ?? [])
  const head = fields.map((line) => `${line}\n`).join('')
  const oversized = lines.find((line) => typeof line !== 'string')
  const length = data.reduce((sum, each) => sum + each.length, 0)
  if (oversized !== undefined || length > maxMcpMessageBytes) {
    const id =
      options.requestId ?? (oversized && findJsonRpcResponseId({ ...oversized, start: oversized.start.slice(5) }))
    return id === null || id === undefined ? '' : formatMessageEvent(createMcpTooLargeError(id), head)
  }
  const message = toJsonRpcMessage(parseJsonOrNull(markBigIntegers(data.join('\n'))))
  const notification = message && toMcpNotification(message)
  if (notification) options.onNotification(notification)
  return message ? formatMessageEvent(message, head) : `${[...texts, ''].join('\n')}\n`
}

function formatMessageEvent(message: JSONRPCMessage, head: string): string {
  return `${head}data: ${JSON.stringify(message)}\n\n`
}
