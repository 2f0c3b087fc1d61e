import type { AccessTokens } from './access-tokens.ts'
import type { AuthenticationMethod } from './authenticator.ts'
import type { JwtAuthentication } from './oidc/jwt-authentication.ts'

/** RFC 6750, 2.1. The scheme is case-insensitive. */
const bearerPattern = /^bearer +(?<token>\S+) *$/i

/** Authenticates by the header `Authorization: Bearer <token>`. What is no configured token may be a JWT of the issuer. */
export function createBearerAuthentication(tokens: AccessTokens, jwts: JwtAuthentication | null): AuthenticationMethod {
  return async ({ headers: { authorization } }) => {
    if (authorization === undefined) return null
    const token = bearerPattern.exec(authorization)?.groups?.['token']
    if (token === undefined) return 'invalid'
    return tokens.findByToken(token) ?? (await jwts?.authenticate(token)) ?? 'invalid'
  }
}
