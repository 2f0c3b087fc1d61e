import { SegueError } from '../lib/errors.ts'

/** In UTF-16 code units. More would be held in memory until the response is sent, and take long to be collected as garbage. */
const maxLength = 100_000_000

/** What one query reads of messages, which can have a megabyte each: page by page, up to a limit. */
export class LongReads {
  #length = 0
  #last: Promise<unknown> = Promise.resolve()

  /** Reads messages when those before have been read. Rejects with TOO_LARGE if those have reached the limit. */
  read<T>(load: () => Promise<T>): Promise<T> {
    const reading = this.#last.then(async () => {
      if (this.#length > maxLength) throw createTooLargeError()
      const messages = await load()
      this.#length += measureTexts(messages)
      return messages
    })
    this.#last = reading.catch(() => undefined)
    return reading
  }
}

/** The length of all texts in a value: of plain objects and lists, as records are. */
function measureTexts(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  let length = 0
  for (const item of Array.isArray(value) ? value : Object.values(value)) length += measureTexts(item)
  return length
}

function createTooLargeError(): SegueError {
  const message = `The query reads more than ${maxLength} characters of messages. Ask for smaller pages, or for fewer of them.`
  return new SegueError('TOO_LARGE', message)
}
