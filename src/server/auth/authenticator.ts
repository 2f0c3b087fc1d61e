import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Viewer } from '../../model/viewer.ts'
import type { RequestRejection } from '../request-rejection.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { CallerLimits } from './caller-limits.ts'
import type { Caller } from './caller.ts'
import { readClientAddress } from './client-address.ts'

/** What a request says about its sender. */
export type RequestCredentials = Pick<IncomingMessage, 'method' | 'headers' | 'socket'>

/**
 * What one kind of credentials says. Null: the request has none of this kind. `invalid`: it has, and they are wrong, so that
 * no other kind is tried. A rejection: they are right, but may not be used for this request.
 */
type AuthenticationResult = Caller | RequestRejection | 'invalid' | null

/** Finds the caller by one kind of credentials. */
export type AuthenticationMethod = (request: RequestCredentials) => AuthenticationResult | Promise<AuthenticationResult>

export interface AuthenticatorOptions {
  readonly tokens: AccessTokens
  /** In the order in which they are tried. */
  readonly methods: readonly AuthenticationMethod[]
  readonly limits: CallerLimits
  /** Whether the headers of a proxy say which address a client has. */
  readonly trustProxy: boolean
}

/** Finds out who sends a request, and whether it is one too many. All transports ask it before they read a request. */
export class Authenticator {
  readonly limits: CallerLimits
  readonly #options: AuthenticatorOptions

  constructor(options: AuthenticatorOptions) {
    this.limits = options.limits
    this.#options = options
  }

  /** The caller of an HTTP request. A rejection with 401 without valid credentials, and with 429 beyond a limit. */
  authenticate(
    request: RequestCredentials,
    response: ServerResponse,
  ): Caller | RequestRejection | Promise<Caller | RequestRejection> {
    // The server has no tokens, and no limits on callers.
    return this.#findLocalCaller(request) ?? this.#authenticateByCredentials(request, response)
  }

  async #authenticateByCredentials(
    request: RequestCredentials,
    response: ServerResponse,
  ): Promise<Caller | RequestRejection> {
    const caller = await this.#identify(request)
    if (caller === null || caller === 'invalid') return this.#reject(request, caller)
    if (isRejection(caller) || caller.credentialId === null) return caller
    const rejection = await this.limits.admit(caller, this.#readAddress(request))
    if (rejection) return rejection
    const release = this.limits.acquire(caller, 'connection')
    if (typeof release !== 'function') return release
    response.once('close', release)
    return (await this.limits.takeRequest(caller)) ?? caller
  }

  /**
   * The caller of a WebSocket's handshake. Null: the handshake does not say who it is, but connection_init may. It counts
   * as an attempt without a token until then.
   */
  async authenticateHandshake(request: RequestCredentials): Promise<Caller | RequestRejection | null> {
    const { tokens } = this.#options
    const caller = await this.#identify(request)
    if (caller === 'invalid' || (caller === null && !tokens.areRequired)) return this.#reject(request, caller)
    const address = this.#readAddress(request)
    if (caller === null) return this.limits.takeAttempt(address)
    return isRejection(caller) ? caller : ((await this.limits.admit(caller, address)) ?? caller)
  }

  /**
   * The caller that connection_init names. Null if its token is not valid; a rejection if that cannot be found out now.
   *
   * @param handshakeCaller What `authenticateHandshake` has returned.
   */
  async authenticateConnectionInit(
    handshake: RequestCredentials,
    handshakeCaller: Caller | null,
    authorization: string,
  ): Promise<Caller | RequestRejection | null> {
    const { method, socket, headers } = handshake
    const found = await this.#identify({ method, socket, headers: { ...headers, authorization } })
    if (found !== null && found !== 'invalid' && isRejection(found)) return found
    const caller = found === 'invalid' ? null : found
    const address = this.#readAddress(handshake)
    if (caller === null && handshakeCaller !== null) await this.limits.takeAttempt(address)
    if (caller !== null && handshakeCaller === null) await this.limits.returnAttempt(address)
    return caller
  }

  /** Who sends the request; null without valid credentials. Only wrong ones count towards a limit. */
  async findViewer(request: RequestCredentials): Promise<Viewer | null> {
    const caller = await this.#identify(request)
    if (caller === null) return null
    const address = this.#readAddress(request)
    if (caller === 'invalid') await this.limits.takeAttempt(address)
    const isFound = caller !== 'invalid' && !isRejection(caller) && (await this.limits.admit(caller, address)) === null
    return isFound ? caller.viewer : null
  }

  async #identify(request: RequestCredentials): Promise<AuthenticationResult> {
    const { tokens, methods } = this.#options
    if (!tokens.areRequired) return this.#findLocalCaller(request)
    for (const method of methods) {
      const result = await method(request)
      if (result !== null) return result
    }
    return null
  }

  /** The caller of a server that needs no tokens, if the request has not come from elsewhere. */
  #findLocalCaller(request: RequestCredentials): Caller | null {
    const { tokens } = this.#options
    return tokens.areRequired || isForwarded(request) ? null : tokens.localCaller
  }

  async #reject(request: RequestCredentials, reason: 'invalid' | null): Promise<RequestRejection> {
    const rejection = await this.limits.takeAttempt(this.#readAddress(request))
    return rejection ?? createUnauthenticatedRejection(request, reason)
  }

  #readAddress(request: RequestCredentials): string {
    return readClientAddress(request, this.#options.trustProxy)
  }
}

export function isRejection(result: Caller | RequestRejection): result is RequestRejection {
  return 'status' in result
}

/** Whether proxies have added headers: the request comes from elsewhere, whatever its connection says. */
function isForwarded({ headers }: RequestCredentials): boolean {
  return Object.keys(headers).some((name) => name === 'forwarded' || name.startsWith('x-forwarded-'))
}

function createUnauthenticatedRejection(request: RequestCredentials, reason: 'invalid' | null): RequestRejection {
  const problem =
    reason === 'invalid'
      ? 'The token is not valid.'
      : isForwarded(request)
        ? 'The request came through a proxy and has no token.'
        : 'The request has no token.'
  return {
    status: 401,
    message: `${problem} Send Authorization: Bearer <token>; segue token <name> creates a token.`,
    headers: { 'www-authenticate': 'Bearer realm="Segue"' },
    refusedOrigin: null,
  }
}
