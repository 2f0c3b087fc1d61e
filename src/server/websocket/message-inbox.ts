import { turnScheduler } from '../../lib/event-loop/turn-scheduler.ts'
import { maxBytesAtOnce } from '../../lib/json-input/parse-json-in-steps.ts'
import { type ShortJson, shortenJson } from '../../lib/json-input/shorten-json.ts'
import { maxRequestJsonValues } from '../graphql/request-json.ts'
import { addMissingQuery } from './add-missing-query.ts'

/** A message as it is handled: without its long strings. */
export interface InboxMessage extends ShortJson {
  /** Of the whole message. */
  readonly byteLength: number
}

export interface MessageInboxOptions {
  /** Handles a message, or returns what it has to wait for. */
  readonly handle: (message: InboxMessage) => Promise<unknown> | null
  /** A large message is invalid, or has too many values. */
  readonly onError: (error: unknown) => void
  /** How many bytes of messages wait, the one included that is handled now. */
  readonly onWaiting: (byteLength: number) => void
}

const noStrings: ReadonlyMap<string, string> = new Map()

/** After so many messages, what they have started goes on first, and the time that it takes counts. */
const messagesAtOnce = 10

/**
 * Hands on the messages of a socket in the order in which they arrive. A message is handled at once if none waits. Many that
 * arrive together take turns with other work, and a large one is read in steps first.
 */
export class MessageInbox {
  readonly #options: MessageInboxOptions
  /** The message that is handled now, and those behind it. */
  #queue: Buffer[] = []
  #queuedBytes = 0
  #handledCount = 0

  constructor(options: MessageInboxOptions) {
    this.#options = options
  }

  receive(data: Buffer): void {
    this.#queue.push(data)
    this.#addQueuedBytes(data.byteLength)
    if (this.#queue.length === 1) void this.#handleAll()
  }

  async #handleAll(): Promise<void> {
    try {
      for (let index = 0; index < this.#queue.length; index += 1) {
        const handled = this.#handle(this.#queue[index] ?? Buffer.of())
        if (handled) await handled
      }
    } catch (error) {
      this.#options.onError(error)
    }
    this.#queue = []
    this.#addQueuedBytes(-this.#queuedBytes)
  }

  /** Returns what the next message has to wait for. */
  #handle(data: Buffer): Promise<void> | null {
    const { byteLength } = data
    if (byteLength > maxBytesAtOnce)
      return shortenMessage(data).then((message) => this.#handleMessage(message) ?? undefined)
    return this.#handleMessage(createMessage({ text: String(data), strings: noStrings }, byteLength))
  }

  #handleMessage(message: InboxMessage): Promise<void> | null {
    const blocker = this.#options.handle(message)
    if (blocker) return blocker.then(() => this.#handleMessage(message) ?? undefined)
    this.#addQueuedBytes(-message.byteLength)
    this.#handledCount += 1
    return this.#handledCount % messagesAtOnce === 0 ? takeTurn() : null
  }

  #addQueuedBytes(byteLength: number): void {
    this.#queuedBytes += byteLength
    this.#options.onWaiting(this.#queuedBytes)
  }
}

/** The socket has read the message in this turn of the event loop, which takes long enough. */
async function shortenMessage(data: Buffer): Promise<InboxMessage> {
  await turnScheduler.wait()
  return createMessage(await shortenJson([data], maxRequestJsonValues), data.byteLength)
}

function createMessage({ text, strings }: ShortJson, byteLength: number): InboxMessage {
  return { text: addMissingQuery(text), strings, byteLength }
}

/** Resolves when everything has been done that waits for nothing, and the turn of the event loop has time left. */
async function takeTurn(): Promise<void> {
  await Promise.resolve()
  const { promise, resolve } = Promise.withResolvers<void>()
  process.nextTick(resolve)
  await promise
  if (turnScheduler.mustWait()) await turnScheduler.wait()
}
