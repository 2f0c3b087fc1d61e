/** One server-sent event. */
export interface ServerSentEvent {
  readonly event: string
  readonly data: string
}

/** Parses server-sent events, as the HTML standard defines them, from text that arrives in any pieces. */
export class EventStreamParser {
  #rest = ''
  #event = ''
  #data: string[] = []

  /** The events that are complete with this piece. */
  push(piece: string): ServerSentEvent[] {
    const lines = (this.#rest + piece).split(/\r\n|\n|\r(?!$)/)
    this.#rest = lines.pop() ?? ''
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
