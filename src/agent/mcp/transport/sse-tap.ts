import type { IncomingMessage } from 'node:http'
import { readChunks } from './http-request.ts'
import { maxMessageBytes } from './line-splitter.ts'

/** Some write a slash in JSON with a backslash before it. */
const listChangedPattern = /notifications\\?\/tools\\?\/list_changed/
const maxMatchLength = 'notifications\\/tools\\/list_changed'.length

export interface TapSseOptions {
  /** The notification was in it. A text that only speaks of it counts too, and does no harm. */
  readonly onToolListChanged: () => void
  /** What to add when it has ended, as an event; null: nothing. */
  readonly finalEvent: object | null
  /** Whether an end by force is one that is to be heard of; otherwise it is like any other. */
  readonly rethrowsErrors: boolean
}

/** An event stream as it comes, watched. */
export async function* tapSse(response: IncomingMessage, options: TapSseOptions): AsyncGenerator<Buffer> {
  const { onToolListChanged, finalEvent, rethrowsErrors } = options
  let overlap = ''
  let lineLength = 0
  try {
    for await (const chunk of readChunks(response)) {
      const text = overlap + chunk.toString('latin1')
      const isListChanged = listChangedPattern.test(text)
      if (isListChanged) onToolListChanged()
      overlap = isListChanged ? '' : text.slice(-maxMatchLength)
      const end = chunk.lastIndexOf(10)
      lineLength = end < 0 ? lineLength + chunk.length : chunk.length - end
      if (lineLength > maxMessageBytes) break
      yield chunk
    }
  } catch (error) {
    if (rethrowsErrors) throw error
  }
  if (finalEvent) yield Buffer.from(`\n\ndata: ${JSON.stringify(finalEvent)}\n\n`)
}
