import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import type { OidcSettings } from '../../../config/access/oidc-schema.ts'
import type { HttpClient } from '../../../lib/http/http-client.ts'
import type { Logger } from '../../../lib/logger.ts'
import { sha256Hex } from '../../../lib/text/sha256.ts'
import type { RequestRejection } from '../../request-rejection.ts'
import type { Caller } from '../caller.ts'
import { IssuerKeys, issuerRetrySeconds, IssuerUnavailableError } from './issuer-keys.ts'
import { toViewer } from './viewer-from-claims.ts'

/** RFC 7515, 3.1: three parts in base64url. The last one is empty without a signature. */
const jwtPattern = /^[\w-]+\.[\w-]+\.[\w-]*$/
/** More than a header of Node's HTTP server has. */
const maxLength = 16_384

/** Signatures with a private key only: a shared key, or none at all, proves nothing about the issuer. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA']

/** RFC 9068, 4. Other types, such as logout tokens, are not meant for callers. */
const types = new Set(['jwt', 'at+jwt', 'application/at+jwt'])

/** How far the clocks of the issuer and of this machine may be apart. */
const clockToleranceSeconds = 5

/** The longest delay of a timer. */
const maxDelayMs = 2 ** 31 - 1

export interface JwtAuthenticationOptions {
  readonly oidc: OidcSettings
  readonly httpClient: HttpClient
  readonly log: Logger
}

/** Authenticates by a JWT that an issuer of OpenID Connect has signed. */
export class JwtAuthentication {
  readonly #options: JwtAuthenticationOptions
  readonly #keys: IssuerKeys

  constructor(options: JwtAuthenticationOptions) {
    this.#options = options
    this.#keys = new IssuerKeys({ ...options, issuer: options.oidc.issuer })
  }

  /** The caller with this token. A rejection with 503: the issuer cannot be asked for its keys. */
  async authenticate(token: string): Promise<Caller | RequestRejection | 'invalid'> {
    if (token.length > maxLength || !jwtPattern.test(token)) return 'invalid'
    try {
      return await this.#verify(token)
    } catch (error) {
      if (error instanceof IssuerUnavailableError) return createUnavailableRejection()
      // Only the message: the error has the claims.
      const reason = error instanceof Error ? error.message : String(error)
      this.#options.log.debug({ reason }, 'A JWT is not valid.')
      return 'invalid'
    }
  }

  async #verify(token: string): Promise<Caller> {
    const { oidc } = this.#options
    const { issuer, audience } = oidc
    const { typ = 'JWT' } = decodeProtectedHeader(token)
    if (!types.has(typ.toLowerCase())) throw new errors.JWTInvalid('It is no token of a caller, by its typ.')
    // Read before the signature, so that tokens of others cause no request to the issuer.
    if (decodeJwt(token).iss !== issuer) throw new errors.JWTInvalid('It has another issuer.')
    const { payload } = await jwtVerify(token, this.#keys.getKey, {
      ...{ issuer, audience, algorithms },
      clockTolerance: clockToleranceSeconds,
      requiredClaims: ['exp', 'sub'],
    })
    const { sub, exp } = payload
    if (typeof sub !== 'string' || sub === '' || exp === undefined) throw new errors.JWTInvalid('It has no subject.')
    const lifetimeMs = (exp + clockToleranceSeconds) * 1000 - Date.now()
    return {
      viewer: toViewer(payload, sub, oidc),
      // The same for all tokens of a user, who has one after the other.
      credentialId: `oidc ${sha256Hex(sub)}`,
      revoked: AbortSignal.timeout(Math.min(Math.max(lifetimeMs, 0), maxDelayMs)),
    }
  }
}

function createUnavailableRejection(): RequestRejection {
  return {
    status: 503,
    message: `The issuer of the token cannot be reached. Try again in ${issuerRetrySeconds} seconds.`,
    headers: { 'retry-after': String(issuerRetrySeconds) },
    refusedOrigin: null,
  }
}
