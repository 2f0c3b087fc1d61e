import type { Socket } from 'node:net'
import { CloseCode, type Server as ProtocolServer } from 'graphql-ws'
import type { RawData, WebSocket } from 'ws'
import { z } from 'zod'
import { TaskTracker } from '../../lib/async/task-tracker.ts'
import { JsonLimitError } from '../../lib/json-input/shorten-json.ts'
import type { Logger } from '../../lib/logger.ts'
import { createRequestId, runWithLogContext } from '../../lib/telemetry/log-context.ts'
import { parseJsonOrNull } from '../../lib/text/json.ts'
import { truncateToBytes } from '../../lib/text/truncate.ts'
import type { ErrorFormatter } from '../graphql/error-formatter.ts'
import { jsonLimitSolution } from '../graphql/request-json.ts'
import { detectSlowConsumer } from '../http/detect-slow-consumer.ts'
import { type InboxMessage, MessageInbox } from './message-inbox.ts'
import type { MessageReviver } from './message-reviver.ts'
import { WebSocketClosedError, type WebSocketHeartbeatOptions, WebSocketConnection } from './websocket-connection.ts'
import { tryAgainLater, WebSocketSession, type WebSocketSessionOptions } from './websocket-session.ts'

/** graphql-transport-ws, as implemented by graphql-ws. */
export type GraphQLWsServer = ProtocolServer<WebSocketSession>

export interface GraphQLSocketOptions {
  readonly protocol: GraphQLWsServer
  /** What `protocol` parses messages with. */
  readonly reviver: MessageReviver
  readonly heartbeat: WebSocketHeartbeatOptions
  /** A client that accepts no byte for this long is disconnected. Called for each socket. */
  readonly readSlowConsumerTimeoutMs: () => number
  readonly errors: ErrorFormatter
  readonly log: Logger
}

type MessageHandler = (message: string) => Promise<void>

/** The limit of RFC 6455, in bytes. */
const maxCloseReasonBytes = 123

/** The close code of RFC 6455 for a message that is too big. */
const messageTooBig = 1009

/** In UTF-16 code units. A longer payload of a ping is not sent back. */
const maxPongLength = 1_000

const serverMessageSchema = z.object({ type: z.enum(['connection_ack', 'next', 'error']) })

/** Connects one WebSocket to graphql-ws: messages, heartbeats, slow consumers and the end of the connection. */
export class GraphQLSocket {
  readonly #webSocket: WebSocket
  readonly #connection: WebSocketConnection
  readonly #options: GraphQLSocketOptions
  readonly #session: WebSocketSession
  readonly #pendingMessages = new TaskTracker()
  #notifyClosed: ReturnType<GraphQLWsServer['opened']> = async () => undefined

  constructor(
    webSocket: WebSocket,
    tcpSocket: Socket,
    options: GraphQLSocketOptions,
    session: Omit<WebSocketSessionOptions, 'close' | 'trySend'>,
  ) {
    this.#webSocket = webSocket
    this.#options = options
    const connection = new WebSocketConnection(webSocket, tcpSocket)
    this.#connection = connection
    this.#session = new WebSocketSession({
      ...session,
      close: (code, reason) => this.close(code, reason),
      trySend: (...parts) => connection.trySend(...parts),
    })
    this.#connection.startHeartbeat(options.heartbeat)
    detectSlowConsumer(tcpSocket, options.readSlowConsumerTimeoutMs(), () => this.#closeSlowConsumer())
    // For a protocol error or a message that is too large, ws itself closes the socket with the right code.
    webSocket.on('error', (error) => options.log.debug({ err: error }, 'websocket failed'))
    webSocket.once('close', (code, reason) => this.#onClosed(code, String(reason)))
    this.#open()
  }

  /** Ends all subscriptions of this socket immediately, without waiting for the client to acknowledge the close frame. */
  close(code: number, closeReason: string): void {
    const reason = truncateToBytes(closeReason, maxCloseReasonBytes)
    this.#webSocket.close(code, reason)
    this.#onClosed(code, reason)
  }

  /** Resolves when every message that has arrived is answered. For a subscription, that is when it ends. */
  waitUntilIdle(): Promise<void> {
    return this.#pendingMessages.waitUntilIdle()
  }

  #open(): void {
    this.#notifyClosed = this.#options.protocol.opened(
      {
        protocol: this.#webSocket.protocol,
        send: (text) => this.#connection.send(this.#session.deferredJson.restore(text)),
        onPing: (payload) => this.#answerPing(payload),
        close: (code = CloseCode.InternalServerError, reason = '') => this.close(code, reason),
        onMessage: (handleMessage) => {
          const inbox = this.#createInbox(handleMessage)
          this.#webSocket.on('message', (data) => inbox.receive(toBuffer(data)))
        },
      },
      this.#session,
    )
  }

  /** The protocol does not ask for the payload back. A client that does not read gets no answer: it would wait in memory. */
  async #answerPing(payload: unknown): Promise<void> {
    if (!this.#connection.isOpen || this.#connection.isCongested) return
    const echo = JSON.stringify({ type: 'pong', payload })
    await this.#connection.send(echo.length <= maxPongLength ? echo : JSON.stringify({ type: 'pong' }))
  }

  #createInbox(handleMessage: MessageHandler): MessageInbox {
    return new MessageInbox({
      handle: (message) => {
        // A message that arrives after the server has closed the socket must not start anything.
        if (!this.#connection.isOpen) return null
        const blocker = this.#session.operationAborts.findBlocker(message.text)
        if (!blocker) this.#handleMessage(message, handleMessage)
        return blocker
      },
      onError: (error) => this.#closeInvalidMessage(error),
      onWaiting: (byteLength) => this.#connection.setWaitingBytes(byteLength),
    })
  }

  #handleMessage({ text, strings, byteLength }: InboxMessage, handleMessage: MessageHandler): void {
    const { operationAborts } = this.#session
    operationAborts.onMessage(text)
    this.#session.messageBytes = byteLength
    const parse = (): Promise<void> => this.#options.reviver.run(strings, () => handleMessage(text))
    const handle = (): Promise<void> => operationAborts.track(parse)
    const handled = this.#pendingMessages.run(() => runWithLogContext({ request: createRequestId() }, handle))
    handled.catch((error: unknown) => this.#onError(error, text))
  }

  #closeInvalidMessage(error: unknown): void {
    if (error instanceof JsonLimitError) this.close(messageTooBig, `${error.message} ${jsonLimitSolution}`)
    else if (error instanceof SyntaxError) this.close(CloseCode.BadRequest, 'Invalid message received')
    else this.#closeWithInternalError(error)
  }

  #onError(error: unknown, message: string): void {
    if (error instanceof WebSocketClosedError) return
    if (serverMessageSchema.safeParse(parseJsonOrNull(message)).success) {
      return this.close(CloseCode.BadRequest, 'Only the server may send a message of this type.')
    }
    this.#closeWithInternalError(error)
  }

  #closeWithInternalError(error: unknown): void {
    const id = this.#options.errors.logUnexpected(error)
    this.close(CloseCode.InternalServerError, `Internal server error ${id}: see the log of the server.`)
  }

  #closeSlowConsumer(): void {
    if (this.#connection.isOpen) this.close(tryAgainLater, 'Slow consumer: reconnect with your last cursor.')
  }

  #onClosed(code: number, reason: string): void {
    this.#session.end()
    // graphql-ws may close the socket inside `opened`, before there is a function to call.
    Promise.resolve()
      .then(() => this.#notifyClosed(code, reason))
      .catch((error: unknown) => {
        if (!(error instanceof WebSocketClosedError)) this.#options.errors.logUnexpected(error)
      })
  }
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
