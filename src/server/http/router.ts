import type { IncomingMessage, ServerResponse } from 'node:http'
import { hasRole, type ViewerRole } from '../../model/viewer.ts'
import { isRejection } from '../auth/authenticator.ts'
import type { Caller } from '../auth/caller.ts'
import type { RequestRejection } from '../request-rejection.ts'
import { sendRejection } from './reject-request.ts'

/** Answers a request. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  caller: Caller,
) => void | Promise<void>

/** Answers a request of anybody. */
export type PublicRequestHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

interface RouteMatcher {
  /** A path, or a prefix of paths if it ends with a slash. */
  readonly path: string
  /** A further condition, for example on the method. */
  readonly accepts?: (request: IncomingMessage) => boolean
}

/** A route for callers with a role. */
export interface Route extends RouteMatcher {
  /** Default: READ. */
  readonly role?: ViewerRole
  readonly handle: RequestHandler
}

/** A route for anybody: it must show nothing of a profile. */
export interface PublicRoute extends RouteMatcher {
  readonly handlePublic: PublicRequestHandler
}

export interface RouterOptions {
  readonly routes: readonly (Route | PublicRoute)[]
  /** Who sends a request, or why it is rejected. */
  readonly authenticate: (
    request: IncomingMessage,
    response: ServerResponse,
  ) => Caller | RequestRejection | Promise<Caller | RequestRejection>
  readonly handleNotFound: PublicRequestHandler
}

/** Passes each request to the first route that matches it, if its caller may use it, or to `handleNotFound`. */
export function createRouter({ routes, authenticate, handleNotFound }: RouterOptions): PublicRequestHandler {
  return (request, response) => {
    const path = readRequestPath(request)
    const route = routes.find(
      (candidate) => matchesPath(candidate.path, path) && (candidate.accepts?.(request) ?? true),
    )
    if (!route) return handleNotFound(request, response)
    if ('handlePublic' in route) return route.handlePublic(request, response)
    const handle = (caller: Caller | RequestRejection): void | Promise<void> => {
      if (isRejection(caller)) return sendRejection(response, caller)
      const { role = 'READ' } = route
      if (!hasRole(caller.viewer, role)) return sendRejection(response, createRoleRejection(role))
      return route.handle(request, response, caller)
    }
    const caller = authenticate(request, response)
    return caller instanceof Promise ? caller.then(handle) : handle(caller)
  }
}

/** The path of a request, percent-encoded as the client sent it, without the query. */
export function readRequestPath({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}

function matchesPath(route: string, path: string): boolean {
  // The router's own slash is no prefix: it is the path of the root alone.
  return path === route || (route !== '/' && route.endsWith('/') && path.startsWith(route))
}

function createRoleRejection(role: ViewerRole): RequestRejection {
  const message = `Your token does not allow this. Use a token with the role ${role}.`
  return { status: 403, message, refusedOrigin: null }
}
