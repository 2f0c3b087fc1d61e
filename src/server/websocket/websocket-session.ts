import { z } from 'zod'
import type { Authenticator, RequestCredentials } from '../auth/authenticator.ts'
import type { Caller } from '../auth/caller.ts'
import { WebSocketOperationAborts } from './websocket-operation-aborts.ts'

/** Ends the socket for good. The codes are those of graphql-transport-ws. */
export type CloseWebSocket = (code: number, reason: string) => void

const unauthorized = 4401
const forbidden = 4403

const wrongTokenReason = 'The token is missing or not valid. Send it in connection_init, as token.'
const revokedReason = 'The token was removed or changed. Connect again.'

/** Where clients put a token in the payload of connection_init. Names of headers have no case. */
const connectionParamsSchema = z
  .record(z.string(), z.unknown())
  .transform((params) => new Map(Object.entries(params).map(([name, value]) => [name.toLowerCase(), value])))
  .pipe(z.map(z.string(), z.unknown()))

export interface WebSocketSessionOptions {
  readonly authenticator: Authenticator
  /** The headers of the handshake. */
  readonly handshake: RequestCredentials
  /** Who has opened the socket, if the handshake says so. */
  readonly caller: Caller | null
  readonly close: CloseWebSocket
}

/** One socket as graphql-ws sees it: who has opened it, and its operations. */
export class WebSocketSession {
  readonly operationAborts = new WebSocketOperationAborts()
  readonly #options: WebSocketSessionOptions
  readonly #endedController = new AbortController()
  #caller: Caller | null = null

  constructor(options: WebSocketSessionOptions) {
    this.#options = options
  }

  /** Who asks for the operations. They start only after `authenticate`. */
  get caller(): Caller {
    if (!this.#caller) throw new TypeError('The socket is not authenticated.')
    return this.#caller
  }

  /** Finds the caller by the payload of connection_init, else by the handshake. Closes the socket if there is none. */
  async authenticate(payload: unknown): Promise<boolean> {
    const { authenticator, handshake, caller, close } = this.#options
    const authorization = readAuthorization(payload)
    const found =
      authorization === null
        ? caller
        : await authenticator.identify({ ...handshake, headers: { ...handshake.headers, authorization } })
    if (found === null || found === 'invalid') {
      close(unauthorized, wrongTokenReason)
      return false
    }
    this.#caller = found
    const revoke = (): void => close(forbidden, revokedReason)
    found.revoked.addEventListener('abort', revoke, { signal: this.#endedController.signal })
    if (found.revoked.aborted) revoke()
    return !found.revoked.aborted
  }

  /** Aborts every operation, because the socket has closed. */
  end(): void {
    this.#endedController.abort()
    this.operationAborts.abortAll()
  }
}

/** The value of the header Authorization that a payload stands for. Null if it has none. */
function readAuthorization(payload: unknown): string | null {
  const params = connectionParamsSchema.safeParse(payload).data
  const [authorization, token] = [params?.get('authorization'), params?.get('token')]
  if (typeof authorization === 'string') return authorization
  return typeof token === 'string' ? `Bearer ${token}` : null
}
