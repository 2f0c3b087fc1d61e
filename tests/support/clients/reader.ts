import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { ApiEvent, ApiMessage, ApiToolCall } from './chat-client.ts'

type EventOfType<Type extends ApiEvent['type']> = Extract<ApiEvent, { readonly type: Type }>

/** A part of a message in the form that the digest hashes. Null fields are left out. */
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
 * Follows a stream or a session, records the events, and folds them into the parts of the newest message by the rules in
 * the schema's descriptions. Shares no code with the server, so that each can verify the other.
 */
export class EventReader {
  readonly events: ApiEvent[] = []
  readonly #source: AsyncGenerator<ApiEvent>
  #message: MessageState
  #pendingResult: Promise<IteratorResult<ApiEvent>> | null = null

  /** @param initialParts The parts of the message up to the cursor of the source. */
  constructor(source: AsyncGenerator<ApiEvent>, initialParts: readonly Part[] = []) {
    this.#source = source
    this.#message = { messageId: null, parts: initialParts }
  }

  /** The parts of the newest message so far. */
  get parts(): readonly Part[] {
    return this.#message.parts
  }

  /** The text of the newest message so far. */
  get text(): string {
    return this.parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  }

  /** The seq of the newest event; 0 before the first one. */
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
    this.#message = applyEvent(this.#message, value)
    return value
  }

  /** Reads until a condition holds. Rejects at the end of the subscription. */
  async readUntil(isReached: (reader: this) => boolean): Promise<this> {
    while (!isReached(this)) {
      if (!(await this.next())) throw new Error(`The subscription ended with ${JSON.stringify(this.events.at(-1))}.`)
    }
    return this
  }

  /** Reads up to the next event of a type, and returns that event. */
  async readUntilType<Type extends ApiEvent['type']>(type: Type): Promise<EventOfType<Type>> {
    for (;;) {
      const event = await this.next()
      if (!event) throw new Error(`The subscription ended without a ${type}.`)
      if (isOfType(event, type)) return event
    }
  }

  /** Reads to the end, and returns all events. */
  async readToEnd(): Promise<readonly ApiEvent[]> {
    while (await this.next());
    return this.events
  }

  async unsubscribe(): Promise<void> {
    await this.#source.return(undefined)
  }
}

/** An event without what it leads to, which is as of the delivery, unless that cannot change any more. */
export function omitEntities(event: ApiEvent): object {
  if (event.type === 'StreamFinished') return event
  const entities = new Set(['stream', 'userMessage', 'toolCall', 'approval', 'clarification', 'queue'])
  return Object.fromEntries(Object.entries(event).filter(([name]) => !entities.has(name)))
}

/** Folds the events of a stream into the parts of its message. */
export function foldParts(events: readonly ApiEvent[]): readonly Part[] {
  return events.reduce(applyEvent, { messageId: null, parts: [] }).parts
}

interface MessageState {
  /** Null before the first event that names it. */
  readonly messageId: string | null
  readonly parts: readonly Part[]
}

function applyEvent(message: MessageState, event: ApiEvent): MessageState {
  switch (event.type) {
    case 'StreamStarted':
      return event.status === 'RUNNING' ? { messageId: null, parts: [] } : message
    case 'TextDelta':
    case 'ReasoningDelta': {
      return replacePart(message, event, (before) => {
        const type = event.type === 'TextDelta' && before?.type !== 'reasoning' ? 'text' : 'reasoning'
        const text = before && 'text' in before ? before.text : ''
        return { type, text: applyDelta(text, event.offset, event.text) }
      })
    }
    case 'ToolCallDelta': {
      const { toolCallId: id, toolName: name, offset } = event
      return replacePart(message, event, (before) => {
        const call = before?.type === 'tool' ? before : { type: 'tool' as const, id, name, argumentsText: '' }
        const argumentsText = applyDelta(call.argumentsText, offset, event.argumentsText)
        return { state: 'STREAMING', ...call, argumentsText }
      })
    }
    case 'ToolCallChanged':
      return replacePart(message, event, () => toToolPart(event.toolCall))
    case 'FilePartAdded': {
      const { mediaType, name, url } = event
      return replacePart(message, event, () => ({ type: 'file', mediaType, ...(name !== null && { name }), url }))
    }
    case 'StreamReset':
      return event.message
        ? { messageId: event.message.id, parts: toParts(event.message) }
        : { messageId: null, parts: [] }
    case 'PartFinished':
    case 'StepFinished':
    case 'MessageSteered':
    case 'StreamChanged':
    case 'QueueChanged':
    case 'ApprovalChanged':
    case 'ClarificationChanged':
    case 'SessionChanged':
    case 'SessionContinued':
    case 'StreamFinished':
      return message
  }
}

/** Replaces one part. An event of another message starts with an empty list of parts. */
function replacePart(
  { messageId, parts }: MessageState,
  event: Exclude<Extract<ApiEvent, { readonly partIndex: number }>, { readonly type: 'PartFinished' }>,
  change: (before: Part | undefined) => Part,
): MessageState {
  const knownParts = messageId === null || messageId === event.messageId ? parts : []
  const { partIndex } = event
  return { messageId: event.messageId, parts: knownParts.toSpliced(partIndex, 1, change(knownParts[partIndex])) }
}

/** The parts of a message in the same form. */
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

/** Computes the digest of a message with these parts, by the rule in the schema. */
export function computeDigest(parts: readonly Part[]): string {
  return createHash('sha256')
    .update(canonicalize(parts) ?? '')
    .digest('hex')
}

/** Throws for a delta that would leave a gap. */
function applyDelta(part: string, offset: number, text: string): string {
  if (offset > part.length) throw new Error(`The delta at ${offset} leaves a gap after ${part.length}.`)
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
