export interface ServerSentEvent {
  readonly event: string
  readonly data: string
  readonly id: string | null
}

/** The events of a text/event-stream without its comments. Leaving the loop closes the connection. */
export async function* readEventStream(response: Response): AsyncGenerator<ServerSentEvent> {
  if (!response.body) return
  let text = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = parseEvent(block)
      if (event) yield event
    }
  }
}

function parseEvent(block: string): ServerSentEvent | null {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w+):? ?(.*)$/s.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    const before = name === 'data' ? fields.get('data') : undefined
    fields.set(name, before === undefined ? value : `${before}\n${value}`)
  }
  if (fields.size === 0) return null
  return { event: fields.get('event') ?? 'message', data: fields.get('data') ?? '', id: fields.get('id') ?? null }
}
