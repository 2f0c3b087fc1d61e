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
  /** How many bytes of messages wait. */
  readonly onWaiting: (byteLength: number) => void
}

const noStrings: ReadonlyMap<string, string> = new Map()

/** Hands on the messages of a socket in the order in which they arrive. A large one is read in steps first. */
export class MessageInbox {
  readonly #options: MessageInboxOptions
  /** What waits behind a message; null if nothing has to. */
  #waiting: (Buffer | InboxMessage)[] | null = null
  #waitingBytes = 0

  constructor(options: MessageInboxOptions) {
    this.#options = options
  }

  receive(item: Buffer | InboxMessage): void {
    if (this.#waiting) {
      this.#waiting.push(item)
      this.#addWaitingBytes(item.byteLength)
      return
    }
    if (!Buffer.isBuffer(item)) this.#handle(item)
    else if (item.byteLength > maxBytesAtOnce) this.#wait(item.byteLength, shortenMessage(item))
    else this.#handle(createMessage({ text: String(item), strings: noStrings }, item.byteLength))
  }

  #handle(message: InboxMessage): void {
    const blocker = this.#options.handle(message)
    if (blocker)
      this.#wait(
        message.byteLength,
        blocker.then(() => message),
      )
  }

  /** Has later messages wait until this one can be handled. */
  #wait(byteLength: number, ready: Promise<InboxMessage>): void {
    this.#waiting = []
    this.#addWaitingBytes(byteLength)
    ready.then(
      (message) => this.#release(message),
      (error: unknown) => {
        this.#clear()
        this.#options.onError(error)
      },
    )
  }

  #release(message: InboxMessage): void {
    for (const item of [message, ...this.#clear()]) this.receive(item)
  }

  #clear(): readonly (Buffer | InboxMessage)[] {
    const items = this.#waiting ?? []
    this.#waiting = null
    this.#addWaitingBytes(-this.#waitingBytes)
    return items
  }

  #addWaitingBytes(byteLength: number): void {
    this.#waitingBytes += byteLength
    this.#options.onWaiting(this.#waitingBytes)
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
