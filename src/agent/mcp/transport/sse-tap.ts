import type { IncomingMessage } from 'node:http'
import { piecesOf } from './http-request.ts'
import { largestMessage } from './line-splitter.ts'

/** Some write a slash in JSON with a backslash before it. */
const listChanged = /notifications\\?\/tools\\?\/list_changed/
const longestMatch = 'notifications\\/tools\\/list_changed'.length

export interface EventPiecesOptions {
  /** The notification was in it. A text that only speaks of it counts too, and does no harm. */
  readonly onListChanged: () => void
  /** What to add when it has ended, as an event; null: nothing. */
  readonly lastWord: object | null
  /** Whether an end by force is one that is to be heard of; otherwise it is like any other. */
  readonly throws: boolean
}

/** An event stream as it comes, watched. */
export async function* eventPieces(answer: IncomingMessage, options: EventPiecesOptions): AsyncGenerator<Buffer> {
  const { onListChanged, lastWord, throws } = options
  let before = ''
  let lineLength = 0
  try {
    for await (const piece of piecesOf(answer)) {
      const text = before + piece.toString('latin1')
      const found = listChanged.test(text)
      if (found) onListChanged()
      before = found ? '' : text.slice(-longestMatch)
      const end = piece.lastIndexOf(10)
      lineLength = end < 0 ? lineLength + piece.length : piece.length - end
      if (lineLength > largestMessage) break
      yield piece
    }
  } catch (error) {
    if (throws) throw error
  }
  if (lastWord) yield Buffer.from(`\n\ndata: ${JSON.stringify(lastWord)}\n\n`)
}
