import type { AccessTokens } from './access-tokens.ts'
import type { AuthenticationMethod } from './authenticator.ts'

/** RFC 6750, 2.1. The scheme is case-insensitive. */
const bearerPattern = /^bearer +(?<token>\S+) *$/i

/** Authenticates by the header `Authorization: Bearer <token>`. */
export function createBearerAuthentication(tokens: AccessTokens): AuthenticationMethod {
  return ({ headers: { authorization } }) => {
    if (authorization === undefined) return null
    const token = bearerPattern.exec(authorization)?.groups?.['token']
    return (token === undefined ? null : tokens.findByToken(token)) ?? 'invalid'
  }
}
