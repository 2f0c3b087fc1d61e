import type { IncomingMessage } from 'node:http'
import { readMcpResponseChunks } from './mcp-http-request.ts'
import { maxMcpMessageBytes } from './line-splitter.ts'

/** Some servers escape slashes in JSON. */
const listChangedPattern = /notifications\\?\/tools\\?\/list_changed/
const maxMatchLength = 'notifications\\/tools\\/list_changed'.length

export interface McpEventStreamOptions {
  /** The stream contains the notification. Text that merely mentions it causes a call as well, which is harmless. */
  readonly onToolListChanged: () => void
  /** An event to append at the end; null for none. */
  readonly finalEvent: object | null
  /** Whether a broken connection throws. Otherwise it ends the stream normally. */
  readonly rethrowsErrors: boolean
}

/** Passes an event stream through unchanged, and watches it for notifications. */
export async function* tapMcpEventStream(
  response: IncomingMessage,
  options: McpEventStreamOptions,
): AsyncGenerator<Buffer> {
  const { onToolListChanged, finalEvent, rethrowsErrors } = options
  let overlap = ''
  let lineLength = 0
  try {
    for await (const chunk of readMcpResponseChunks(response)) {
      const text = overlap + chunk.toString('latin1')
      const isListChanged = listChangedPattern.test(text)
      if (isListChanged) onToolListChanged()
      overlap = isListChanged ? '' : text.slice(-maxMatchLength)
      const end = chunk.lastIndexOf(10)
      lineLength = end < 0 ? lineLength + chunk.length : chunk.length - end
      if (lineLength > maxMcpMessageBytes) break
      yield chunk
    }
  } catch (error) {
    if (rethrowsErrors) throw error
  }
  if (finalEvent) yield Buffer.from(`\n\ndata: ${JSON.stringify(finalEvent)}\n\n`)
}
