import { z } from 'zod'
import { type Authenticator, isRejection, type RequestCredentials } from '../auth/authenticator.ts'
import type { Caller } from '../auth/caller.ts'
import type { ResultSink } from '../graphql/subscriptions/subscription-results.ts'
import type { RequestRejection } from '../request-rejection.ts'
import { createResultSink, type TrySend } from './create-result-sink.ts'
import { DeferredJson } from './deferred-json.ts'
import { WebSocketOperationAborts } from './websocket-operation-aborts.ts'
import { readOperationHeaders } from '../graphql/json/operation-headers.ts'

/** Ends the socket for good. The codes are those of graphql-transport-ws. */
export type CloseWebSocket = (code: number, reason: string) => void

const unauthorized = 4401
const forbidden = 4403
/** The close code of RFC 6455's registry for "Try Again Later". */
export const tryAgainLater = 1013

const wrongTokenReason = 'The token is missing or not valid. Send it in connection_init, as token.'
const revokedReason = 'The token has expired, or was removed or changed. Connect again with a valid one.'

/** Where clients put a token in the payload of connection_init. Names of headers have no case. */
const connectionParamsSchema = z
  .record(z.string(), z.unknown())
  .transform((params) => new Map(Object.entries(params).map(([name, value]) => [name.toLowerCase(), value])))

export interface WebSocketSessionOptions {
  readonly authenticator: Authenticator
  /** The request of the handshake. */
  readonly handshake: RequestCredentials
  /** Who has opened the socket, if the handshake says so. */
  readonly caller: Caller | null
  readonly close: CloseWebSocket
  readonly trySend: TrySend
}

/** One socket as graphql-ws sees it: who has opened it, and its operations. */
export class WebSocketSession {
  readonly operationAborts = new WebSocketOperationAborts()
  readonly deferredJson = new DeferredJson()
  readonly #options: WebSocketSessionOptions
  readonly #ended = new AbortController()
  /** Releases what counts towards the limits of the caller, by operation. */
  readonly #releases = new Map<string, () => void>()
  /** Sizes of the messages of running operations, which keep their variables. */
  readonly #operationBytes = new Map<string, number>()
  /** The size of the message that is being handled. */
  messageBytes = 0
  #caller: Caller | null = null

  constructor(options: WebSocketSessionOptions) {
    this.#options = options
  }

  /** Who asks for the operations. They start only after `authenticate`. */
  get caller(): Caller {
    if (!this.#caller) throw new TypeError('The socket is not authenticated.')
    return this.#caller
  }

  /** The header of the handshake. */
  get traceparent(): string | null {
    return readOperationHeaders(this.#options.handshake).traceparent ?? null
  }

  /** Where an operation's results go that can be sent at once. */
  createResultSink(id: string): ResultSink {
    return createResultSink(id, this.#options.trySend)
  }

  /** Finds the caller by the payload of connection_init, else by the handshake. Closes the socket if there is none. */
  async authenticate(payload: unknown): Promise<boolean> {
    const { authenticator, handshake, caller: handshakeCaller, close } = this.#options
    const authorization = readAuthorization(payload)
    const caller =
      authorization === null
        ? handshakeCaller
        : await authenticator.authenticateConnectionInit(handshake, handshakeCaller, authorization)
    if (caller === null) close(unauthorized, wrongTokenReason)
    else if (isRejection(caller)) close(tryAgainLater, caller.message)
    else return this.#admit(caller)
    return false
  }

  /**
   * Counts an operation towards the limits of the caller. Returns why it is rejected; null if it is not.
   *
   * @param signal The signal of the operation. Once it is aborted, the operation no longer counts.
   */
  async admitOperation(id: string, isSubscription: boolean, signal: AbortSignal): Promise<RequestRejection | null> {
    const { limits } = this.#options.authenticator
    const release = isSubscription ? limits.acquire(this.caller, 'subscription') : () => undefined
    if (typeof release !== 'function') return release
    this.#releases.set(id, release)
    signal.addEventListener('abort', release)
    if (signal.aborted) release()
    return limits.takeRequest(this.caller)
  }

  /** Counts the message that starts an operation. Returns false if the operations of the socket would hold too much. */
  holdMessage(id: string, maxBytes: number): boolean {
    const heldBytes = this.#operationBytes.values().reduce((sum, byteLength) => sum + byteLength, 0)
    if (heldBytes + this.messageBytes > maxBytes) return false
    this.#operationBytes.set(id, this.messageBytes)
    return true
  }

  /** Forgets an operation that has ended. */
  releaseOperation(id: string): void {
    this.operationAborts.release(id)
    this.#operationBytes.delete(id)
    this.#releases.get(id)?.()
    this.#releases.delete(id)
  }

  /** Aborts every operation, because the socket has closed. */
  end(): void {
    this.#ended.abort()
    this.operationAborts.abortAll()
    this.#releases.clear()
  }

  #admit(caller: Caller): boolean {
    const { authenticator, close } = this.#options
    const ended = this.#ended.signal
    if (ended.aborted) return false
    const release = authenticator.limits.acquire(caller, 'socket')
    if (typeof release !== 'function') {
      close(tryAgainLater, release.message)
      return false
    }
    ended.addEventListener('abort', release)
    const revoke = (): void => close(forbidden, revokedReason)
    caller.revoked.addEventListener('abort', revoke)
    // Not the option `signal`: Node forgets it for all listeners of a target but the newest, and the socket would never be freed.
    ended.addEventListener('abort', () => caller.revoked.removeEventListener('abort', revoke))
    if (caller.revoked.aborted) revoke()
    this.#caller = caller
    return !caller.revoked.aborted
  }
}

/** The value of the header Authorization that a payload stands for. Null if it has none. */
function readAuthorization(payload: unknown): string | null {
  const params = connectionParamsSchema.safeParse(payload).data
  const [authorization, token] = [params?.get('authorization'), params?.get('token')]
  if (typeof authorization === 'string') return authorization
  return typeof token === 'string' ? `Bearer ${token}` : null
}
