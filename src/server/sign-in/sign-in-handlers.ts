import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { parseJsonOrNull } from '../../lib/text/json.ts'
import { sha256Hex } from '../../lib/text/sha256.ts'
import { readRequestBody } from '../http/read-request-body.ts'
import { sendRejection } from '../http/reject-request.ts'
import type { PublicRequestHandler } from '../http/router.ts'
import { isEncrypted } from '../own-origin.ts'
import type { RequestRejection } from '../request-rejection.ts'
import type { AccessTokens } from '../auth/access-tokens.ts'
import { type Authenticator, isRejection } from '../auth/authenticator.ts'
import type { SignInCookies } from './sign-in-cookie.ts'

export const signInPath = '/sign-in'
export const signOutPath = '/sign-out'

/** A token has at most 500 characters. */
const maxBodyBytes = 4096

const bodySchema = z.object({ token: z.string().trim().min(1) })

export interface SignInOptions {
  readonly tokens: AccessTokens
  readonly cookies: SignInCookies
  readonly authenticator: Authenticator
  /** Whether the headers of a proxy say how the client is connected. */
  readonly trustProxy: boolean
}

/**
 * Answers `POST /sign-in` with the JSON body `{"token": "…"}`: 204 with a cookie, or 401. The token is tried as that of any
 * other request, so that wrong attempts are limited.
 */
export function createSignInHandler(options: SignInOptions): PublicRequestHandler {
  const { tokens, cookies, authenticator, trustProxy } = options
  return async (request, response) => {
    if (!tokens.areRequired) return sendRejection(response, reject(400, 'This server needs no token.'))
    const token = await readToken(request)
    if (token === null)
      return sendRejection(
        response,
        reject(400, 'The body must be {"token": "…"}, with the token that you were given.'),
      )
    const caller = await authenticator.authenticate(withBearer(request, token), response)
    if (isRejection(caller)) return sendRejection(response, caller)
    const hash = sha256Hex(token)
    if (tokens.findByHash(hash) === null)
      return sendRejection(response, reject(400, 'Only a token of this server can sign in.'))
    const headers = {
      'set-cookie': cookies.create(hash, isEncrypted(request, trustProxy)),
      'cache-control': 'no-store',
    }
    response.writeHead(204, headers).end()
  }
}

/** Answers `POST /sign-out`: the browser forgets its cookie. */
export function createSignOutHandler(cookies: SignInCookies): PublicRequestHandler {
  return (_, response) => {
    response.writeHead(204, { 'set-cookie': cookies.createExpired(), 'cache-control': 'no-store' }).end()
  }
}

async function readToken(request: IncomingMessage): Promise<string | null> {
  const body = await readRequestBody(request, maxBodyBytes)
  if (body === 'too large') return null
  return bodySchema.safeParse(parseJsonOrNull(Buffer.concat(body).toString())).data?.token ?? null
}

function withBearer(request: IncomingMessage, token: string) {
  const { cookie: _, ...headers } = request.headers
  return { method: 'POST', headers: { ...headers, authorization: `Bearer ${token}` }, socket: request.socket }
}

function reject(status: RequestRejection['status'], message: string): RequestRejection {
  return { status, message, refusedOrigin: null }
}
