import { SegueError } from '../lib/errors.ts'
import type { PageRequest } from '../lib/pagination.ts'

/** In UTF-16 code units. More would be held in memory until the response is sent, and take long to be collected as garbage. */
const maxLength = 100_000_000

/** Messages that are read at once. More than most clients ask for, so that their pages are read at once. */
const maxMessagesAtOnce = 128

/** How a page of messages is read. */
export interface MessagePageSource<Row, Key> {
  /** Fewer than the limit only at the end. */
  readonly loadPage: (page: PageRequest<Key>) => Promise<readonly Row[]>
  readonly toKey: (row: Row) => Key
}

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

/** Reads a page in parts, so that a large page of long messages is refused before all of it is in memory. */
export async function readMessagePage<Row, Key>(
  reads: LongReads | null,
  page: PageRequest<Key>,
  { loadPage, toKey }: MessagePageSource<Row, Key>,
): Promise<readonly Row[]> {
  if (!reads || page.limit <= maxMessagesAtOnce) return reads ? reads.read(() => loadPage(page)) : loadPage(page)
  const limit = maxMessagesAtOnce
  const part = await reads.read(() => loadPage({ ...page, limit }))
  const edge = page.backwards ? part[0] : part.at(-1)
  if (edge === undefined || part.length < limit) return part
  const range = page.backwards ? { before: toKey(edge) } : { after: toKey(edge) }
  const rest = await readMessagePage(reads, { ...page, ...range, limit: page.limit - limit }, { loadPage, toKey })
  return page.backwards ? [...rest, ...part] : [...part, ...rest]
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
