import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { ApiEvent, ApiMessage, ApiToolCall } from './chat-client.ts'

type EventOfType<Type extends ApiEvent['type']> = Extract<ApiEvent, { readonly type: Type }>

/** A part in the form of which the schema makes the digest; fields that are null are left out. */
export type Part =
  | { readonly type: 'text' | 'reasoning'; readonly text: string }
  | { readonly type: 'file'; readonly mediaType: string; readonly name?: string; readonly url: string }
  | {
      readonly type: 'tool'
      readonly id: string
      readonly name: string
      readonly argumentsText: string
      readonly state: string
      readonly result?: unknown
      readonly error?: string
    }

/**
 * Somebody who follows a stream or a session with nothing but the schema's descriptions: keeps what it was told, and
 * makes the parts of the newest answer of it. It shares no code with the server, so that one may be held against the
 * other.
 */
export class EventReader {
  readonly events: ApiEvent[] = []
  readonly #source: AsyncGenerator<ApiEvent>
  #answer: AnswerState
  #pendingResult: Promise<IteratorResult<ApiEvent>> | null = null

  /** `from`: what it has of the answer already. */
  constructor(source: AsyncGenerator<ApiEvent>, initialParts: readonly Part[] = []) {
    this.#source = source
    this.#answer = { messageId: null, parts: initialParts }
  }

  /** The answer as far as it was told. */
  get parts(): readonly Part[] {
    return this.#answer.parts
  }

  /** All text of the answer as far as it was told. */
  get text(): string {
    return this.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  }

  /** The seq of the newest event; 0 before the first. */
  get cursor(): number {
    return this.events.at(-1)?.seq ?? 0
  }

  /** The next event, or null at the end. */
  async next(): Promise<ApiEvent | null> {
    this.#pendingResult ??= this.#source.next()
    const { value, done } = await this.#pendingResult
    this.#pendingResult = null
    if (done) return null
    this.events.push(value)
    this.#answer = applyEvent(this.#answer, value)
    return value
  }

  /** Reads on until it was told of something. Fails at the end: it will not be told any more. */
  async readUntil(isReached: (reader: this) => boolean): Promise<this> {
    while (!isReached(this)) {
      if (!(await this.next())) throw new Error(`it ended first, with ${JSON.stringify(this.events.at(-1))}`)
    }
    return this
  }

  /** Reads on to the event of a type, and returns it. */
  async readUntilType<Type extends ApiEvent['type']>(type: Type): Promise<EventOfType<Type>> {
    for (;;) {
      const event = await this.next()
      if (!event) throw new Error(`it ended without a ${type}`)
      if (isOfType(event, type)) return event
    }
  }

  /** Reads to the end, and returns everything that was told. */
  async readToEnd(): Promise<readonly ApiEvent[]> {
    while (await this.next());
    return this.events
  }

  async unsubscribe(): Promise<void> {
    await this.#source.return(undefined)
  }
}

/** What was made of an answer after these events of its stream. */
export function foldParts(events: readonly ApiEvent[]): readonly Part[] {
  return events.reduce(applyEvent, { messageId: null, parts: [] }).parts
}

interface AnswerState {
  /** Null as long as no event has told it. */
  readonly messageId: string | null
  readonly parts: readonly Part[]
}

function applyEvent(answer: AnswerState, event: ApiEvent): AnswerState {
  switch (event.type) {
    case 'StreamStarted':
      return event.stream.status === 'RUNNING' ? { messageId: null, parts: [] } : answer
    case 'TextDelta':
    case 'ReasoningDelta': {
      const type = event.type === 'TextDelta' ? 'text' : 'reasoning'
      return replacePart(answer, event, (before) => {
        const text = before && 'text' in before ? before.text : ''
        return { type, text: applyDelta(text, event.offset, event.text) }
      })
    }
    case 'ToolCallDelta': {
      const { toolCallId: id, toolName: name, offset } = event
      return replacePart(answer, event, (before) => {
        const call = before?.type === 'tool' ? before : { type: 'tool' as const, id, name, argumentsText: '' }
        const argumentsText = applyDelta(call.argumentsText, offset, event.argumentsText)
        return { state: 'STREAMING', ...call, argumentsText }
      })
    }
    case 'ToolCallChanged':
      return replacePart(answer, event, () => toToolPart(event.toolCall))
    case 'StreamReset':
      return event.message
        ? { messageId: event.message.id, parts: toParts(event.message) }
        : { messageId: null, parts: [] }
    case 'StreamChanged':
    case 'ApprovalChanged':
    case 'ClarificationChanged':
    case 'SessionChanged':
    case 'SessionContinued':
    case 'StreamFinished':
      return answer
  }
}

/** The answer with another form of one part; an event of another message begins another answer. */
function replacePart(
  { messageId, parts }: AnswerState,
  event: Extract<ApiEvent, { readonly partIndex: number }>,
  change: (before: Part | undefined) => Part,
): AnswerState {
  const known = messageId === null || messageId === event.messageId ? parts : []
  const { partIndex } = event
  return { messageId: event.messageId, parts: known.toSpliced(partIndex, 1, change(known[partIndex])) }
}

/** A message's parts in the same form. */
export function toParts(message: ApiMessage): readonly Part[] {
  return message.parts.map((part) => {
    switch (part.type) {
      case 'TextPart':
        return { type: 'text', text: part.text }
      case 'ReasoningPart':
        return { type: 'reasoning', text: part.text }
      case 'ToolCallPart':
        return toToolPart(part.toolCall)
      case 'FilePart':
        return {
          type: 'file',
          mediaType: part.mediaType,
          ...(part.name !== null && { name: part.name }),
          url: part.url,
        }
    }
  })
}

/** The digest that a message with these parts has, by the rule in the schema. */
export function computeDigest(parts: readonly Part[]): string {
  return createHash('sha256')
    .update(canonicalize(parts) ?? '')
    .digest('hex')
}

/** Fails for a delta that leaves a gap: something was not told. */
function applyDelta(part: string, offset: number, text: string): string {
  if (offset > part.length) throw new Error(`a delta for ${offset} of a part that ends at ${part.length}`)
  if (offset === part.length) return part + text
  return part.slice(0, offset) + text + part.slice(offset + text.length)
}

function toToolPart({ id, name, argumentsText, state, result, error }: ApiToolCall): Part {
  return {
    type: 'tool',
    id,
    name,
    argumentsText,
    state,
    ...(result !== null && { result }),
    ...(error !== null && { error }),
  }
}

function isOfType<Type extends ApiEvent['type']>(event: ApiEvent, type: Type): event is EventOfType<Type> {
  return event.type === type
}
