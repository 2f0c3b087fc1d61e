import { isOwnOrigin } from '../own-origin.ts'
import type { RequestRejection } from '../request-rejection.ts'
import type { AccessTokens } from '../auth/access-tokens.ts'
import type { AuthenticationMethod, RequestCredentials } from '../auth/authenticator.ts'
import type { SignInCookies } from './sign-in-cookie.ts'

/** A header that no page of another origin can send without being allowed to. Its value does not matter. */
const csrfHeader = 'x-segue-csrf'

/**
 * Authenticates by the cookie of a browser that has signed in. The browser adds it by itself, so a page has to show that it
 * belongs to this server: by a header, or at the handshake of a WebSocket by its origin.
 */
export function createCookieAuthentication(
  tokens: AccessTokens,
  cookies: SignInCookies,
  trustProxy: boolean,
): AuthenticationMethod {
  return (request) => {
    const hash = cookies.read(request.headers.cookie)
    if (hash === null) return null
    const caller = hash === 'invalid' ? null : tokens.findByHash(hash)
    if (caller === null) return 'invalid'
    return checkPage(request, trustProxy) ?? caller
  }
}

function checkPage(request: RequestCredentials, trustProxy: boolean): RequestRejection | null {
  const { method, headers } = request
  if (headers.upgrade !== undefined)
    return isOwnOrigin(request, trustProxy) ? null : reject('The page is not one of this server.')
  // Reads change nothing, and another page cannot see what they return. Images cannot send a header.
  if (method === 'GET' || method === 'HEAD' || headers[csrfHeader] !== undefined) return null
  return reject(`A request that is authenticated by a cookie needs the header ${csrfHeader}: 1.`)
}

function reject(message: string): RequestRejection {
  return { status: 403, message, refusedOrigin: null }
}
