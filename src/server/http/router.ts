import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers a request. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

export interface Route {
  /** A path, or a prefix of paths if it ends with a slash. */
  readonly path: string
  /** A further condition, for example on the method. */
  readonly accepts?: (request: IncomingMessage) => boolean
  readonly handle: RequestHandler
}

/** Passes each request to the first route that matches it, or to `handleNotFound`. */
export function createRouter(routes: readonly Route[], handleNotFound: RequestHandler): RequestHandler {
  return (request, response) => {
    const path = readRequestPath(request)
    const route = routes.find(
      (candidate) => matchesPath(candidate.path, path) && (candidate.accepts?.(request) ?? true),
    )
    return (route?.handle ?? handleNotFound)(request, response)
  }
}

/** The path of a request, percent-encoded as the client sent it, without the query. */
export function readRequestPath({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  return url.replace(/\?.*$/s, '')
}

function matchesPath(route: string, path: string): boolean {
  // The router's own slash is no prefix: it is the path of the root alone.
  return path === route || (route !== '/' && route.endsWith('/') && path.startsWith(route))
}
