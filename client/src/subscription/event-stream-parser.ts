/** One server-sent event. */
export interface ServerSentEvent {
  readonly event: string
  readonly data: string
}

/** Parses server-sent events, as the HTML standard defines them, from text that arrives in any pieces. */
export class EventStreamParser {
  #rest = ''
  /** The last piece ended with a carriage return: a line feed may follow, which belongs to it. */
  #hasOpenReturn = false
  #event = ''
  #data: string[] = []

  /** The events that are complete with this piece. */
  push(piece: string): ServerSentEvent[] {
    this.#rest += piece
    // A line may have megabytes, in many pieces: it is looked at once, when its end has arrived.
    if (!this.#hasOpenReturn && !/[\r\n]/.test(piece)) return []
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
    this.#hasOpenReturn = this.#rest.endsWith('\r')
    return lines.flatMap((line) => this.#pushLine(line))
  }

  #pushLine(line: string): ServerSentEvent[] {
    if (line !== '') {
      const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
      if (field === 'event') this.#event = value
      if (field === 'data') this.#data.push(value)
      return []
    }
    const event = { event: this.#event, data: this.#data.join('\n') }
    this.#event = ''
    this.#data = []
    return event.event === '' && event.data === '' ? [] : [event]
  }
}
