import type { IncomingMessage } from 'node:http'
import type { Readiness } from '../lib/telemetry/readiness.ts'
import type { AccessTokens } from './auth/access-tokens.ts'
import type { Authenticator } from './auth/authenticator.ts'
import { createHealthHandler, createReadyHandler } from './http/probe-handlers.ts'
import type { PublicRoute } from './http/router.ts'
import type { SignInCookies } from './sign-in/sign-in-cookie.ts'
import { createSignInHandler, createSignOutHandler, signInPath, signOutPath } from './sign-in/sign-in-handlers.ts'
import { handleSignInPage } from './sign-in/sign-in-page.ts'

export interface PublicRoutesOptions {
  readonly readiness: Readiness
  readonly authenticator: Authenticator
  readonly tokens: AccessTokens
  readonly signInCookies: SignInCookies
  /** Whether the headers of a proxy say how clients are connected. */
  readonly trustProxy: boolean
}

/** The paths that need no token: they tell how the server is, and let browsers sign in. */
export function createPublicRoutes({ readiness, signInCookies, ...options }: PublicRoutesOptions): PublicRoute[] {
  const findViewer = (request: IncomingMessage) => options.authenticator.findViewer(request)
  const signIn = createSignInHandler({ ...options, cookies: signInCookies })
  return [
    { path: '/health', handlePublic: createHealthHandler() },
    { path: '/ready', handlePublic: createReadyHandler(readiness, findViewer) },
    { path: signInPath, accepts: isPost, handlePublic: signIn },
    { path: signInPath, handlePublic: handleSignInPage },
    { path: signOutPath, accepts: isPost, handlePublic: createSignOutHandler(signInCookies) },
  ]
}

const isPost = ({ method }: IncomingMessage): boolean => method === 'POST'
