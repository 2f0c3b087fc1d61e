/** One event of a response: its data, and its name if it has one. */
export interface ProviderResponseEvent {
  readonly name: string | null
  readonly data: string
}

/** In UTF-16 code units. A whole answer in one event has its images in it. */
const maxEventLength = 64 * 1024 * 1024

/**
 * Splits the text of a response into events, wherever chunks split it. It reads server-sent events, with or without the empty
 * lines between them, and JSON without any framing: one value, or one on each line. Comments, empty data and fields
 * that are not `event` or `data` are skipped.
 */
export class ProviderEventStreamReader {
  /** The beginning of a line. Only new chunks are searched for its end: a line of many megabytes is read once. */
  #line = ''
  /** The end of the last chunk, if it may be half a line break; otherwise empty. */
  #carriageReturn = ''
  #name: string | null = null
  #data = ''
  /** Whether the data was in fields. Empty lines end such an event, but JSON without framing may have some. */
  #isFramed = false

  push(chunk: string): ProviderResponseEvent[] {
    let text = this.#carriageReturn + chunk
    // The second half of a line break may be in the next chunk.
    this.#carriageReturn = text.endsWith('\r') ? '\r' : ''
    if (this.#carriageReturn) text = text.slice(0, -1)
    if (text.includes('\r')) text = text.replaceAll(/\r\n?/g, '\n')
    const events: ProviderResponseEvent[] = []
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#readLine(this.#line + text.slice(start, end), events)
      this.#line = ''
      start = end + 1
    }
    this.#line += text.slice(start)
    if (this.#line.length + this.#data.length > maxEventLength) throw new RangeError('An event is too long.')
    return events
  }

  /** The last event, which may have no line break. */
  flush(): ProviderResponseEvent[] {
    const events: ProviderResponseEvent[] = []
    this.#readLine(this.#line.trimEnd(), events)
    this.#line = ''
    this.#carriageReturn = ''
    this.#endEvent(events)
    return events
  }

  #readLine(line: string, events: ProviderResponseEvent[]): void {
    if (line === '') {
      if (this.#isFramed || !isIncompleteJson(this.#data)) this.#endEvent(events)
    } else if (line.startsWith('data:')) {
      this.#addData(line.slice(line.startsWith('data: ') ? 6 : 5), events)
      this.#isFramed = true
    } else if (line.startsWith('event:')) {
      this.#endEvent(events)
      this.#name = line.slice(6).trim()
    } else if (!/^(:|id:|retry:|(data|event|id|retry)$)/.test(line)) this.#addData(line, events)
  }

  #addData(data: string, events: ProviderResponseEvent[]): void {
    const startsValue = data.startsWith('{') || data.startsWith('[DONE]')
    if (startsValue && this.#data !== '' && !isIncompleteJson(this.#data)) this.#endEvent(events)
    this.#data += this.#data === '' ? data : `\n${data}`
  }

  #endEvent(events: ProviderResponseEvent[]): void {
    const data = this.#data.trim()
    if (data !== '') events.push({ name: this.#name, data })
    this.#name = null
    this.#data = ''
    this.#isFramed = false
  }
}

/** Whether a text is the beginning of a JSON object or list, judged by its ends. */
function isIncompleteJson(text: string): boolean {
  return /^\s*[{[]/.test(text) && !/[}\]]$/.test(text.trimEnd())
}
