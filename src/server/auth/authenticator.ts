import type { IncomingMessage } from 'node:http'
import type { RequestRejection } from '../request-rejection.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { Caller } from './caller.ts'

/** What a request says about its sender. */
export type RequestCredentials = Pick<IncomingMessage, 'method' | 'headers'>

/**
 * Finds the caller by one kind of credentials. Null: the request has none of this kind. `invalid`: it has, and they are
 * wrong, so that no other kind is tried.
 */
export type AuthenticationMethod = (
  request: RequestCredentials,
) => Caller | 'invalid' | null | Promise<Caller | 'invalid' | null>

export interface AuthenticatorOptions {
  readonly tokens: AccessTokens
  /** In the order in which they are tried. */
  readonly methods: readonly AuthenticationMethod[]
}

/** Headers that proxies add: the request comes from elsewhere, whatever its connection says. */
const forwardedHeaderPattern = /^(?:forwarded|x-forwarded-.*)$/

/** Finds out who sends a request. All transports ask it before anything else of the request is looked at. */
export class Authenticator {
  readonly #tokens: AccessTokens
  readonly #methods: readonly AuthenticationMethod[]

  constructor({ tokens, methods }: AuthenticatorOptions) {
    this.#tokens = tokens
    this.#methods = methods
  }

  /** The caller, or why the request is rejected: 401 without valid credentials. */
  async authenticate(request: RequestCredentials): Promise<Caller | RequestRejection> {
    const caller = await this.identify(request)
    return caller === null || caller === 'invalid' ? createUnauthenticatedRejection(request, caller) : caller
  }

  /** Like `authenticate`, for a WebSocket. Null: the handshake does not say who it is, but connection_init may. */
  async authenticateHandshake(request: RequestCredentials): Promise<Caller | RequestRejection | null> {
    const caller = await this.identify(request)
    if (caller === 'invalid') return createUnauthenticatedRejection(request, caller)
    return caller === null && !this.#tokens.areRequired ? createUnauthenticatedRejection(request, null) : caller
  }

  /** The caller; null for a request without credentials, `invalid` for one with wrong ones. */
  async identify(request: RequestCredentials): Promise<Caller | 'invalid' | null> {
    if (!this.#tokens.areRequired) return isForwarded(request) ? null : this.#tokens.localCaller
    for (const method of this.#methods) {
      const result = await method(request)
      if (result !== null) return result
    }
    return null
  }
}

export function isRejection(result: Caller | RequestRejection): result is RequestRejection {
  return 'status' in result
}

function isForwarded({ headers }: RequestCredentials): boolean {
  return Object.keys(headers).some((name) => forwardedHeaderPattern.test(name))
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
