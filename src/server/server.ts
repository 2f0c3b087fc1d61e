import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TlsFiles } from '../config/access/resolve-tls.ts'
import type { Settings } from '../config/settings.ts'
import type { LiveValue } from '../config/reload/live-value.ts'
import type { Duplex } from 'node:stream'
import type { Logger } from '../lib/logger.ts'
import { createRequestId, runWithLogContext } from '../lib/telemetry/log-context.ts'
import { filesPath } from '../model/message-content/blob-url.ts'
import type { ProfileRegistry } from '../services/profile-registry.ts'
import type { AccessTokens } from './auth/access-tokens.ts'
import { Authenticator, isRejection } from './auth/authenticator.ts'
import { CallerLimits } from './auth/caller-limits.ts'
import { createBearerAuthentication } from './auth/bearer-token.ts'
import type { JwtAuthentication } from './auth/oidc/jwt-authentication.ts'
import { BatchRunner } from './graphql/batch-runner.ts'
import { createGraphQLError } from './graphql/graphql-errors.ts'
import { graphqlPath } from './graphql/graphql-path.ts'
import { DocumentLoader } from './graphql/documents/document-loader.ts'
import { ErrorFormatter } from './graphql/error-formatter.ts'
import { createJsonHandler } from './graphql/json/json-handler.ts'
import { limitRequestBody } from './graphql/json/limit-request-body.ts'
import { OperationRunner } from './graphql/operation-runner.ts'
import { CorsPolicy, sendPreflightResponse } from './http/cors-policy.ts'
import { createHttpServer } from './create-http-server.ts'
import { createFileHandler, type FileHandlerOptions } from './http/file-handler.ts'
import { endUpgrade, rejectUpgrade, sendRejection } from './http/reject-request.ts'
import { RefusedOriginLogger } from './http/refused-origin-logger.ts'
import { RequestGuard } from './http/request-guard.ts'
import { normalizeRequestTarget } from './http/request-target.ts'
import {
  createRouter,
  type PublicRequestHandler,
  readRequestPath,
  type RequestHandler,
  type Route,
} from './http/router.ts'
import { sendJson } from './http/send-json.ts'
import { createUploadHandler } from './http/upload-handler.ts'
import { loadOnFirstCall } from './load-on-first-call.ts'
import { createPublicRoutes } from './public-routes.ts'
import type { RequestRejection } from './request-rejection.ts'
import { createCookieAuthentication } from './sign-in/cookie-authentication.ts'
import type { SignInCookies } from './sign-in/sign-in-cookie.ts'
import { createSignInGate } from './sign-in/sign-in-page.ts'
import { acceptsEventStream } from './sse/read-sse-request.ts'
import { createSseHandler } from './sse/sse-handler.ts'
import type { WebSocketHeartbeatOptions } from './websocket/websocket-connection.ts'
import { createWebAppHandler } from './web-app/web-app-handler.ts'
import { WebSocketServer } from './websocket/websocket-server.ts'

export interface ServerOptions {
  readonly host: string
  /** 0 selects any free port. */
  readonly port: number
  /** Further names and addresses under which clients reach the server. */
  readonly publicHosts: readonly string[]
  /** Whether the headers of a proxy say which address a client has, and how it is connected. */
  readonly trustProxy: boolean
  readonly tls: TlsFiles | null
  readonly tokens: AccessTokens
  /** Null: the server takes no tokens but its own. */
  readonly jwts: JwtAuthentication | null
  readonly signInCookies: SignInCookies
  readonly profiles: ProfileRegistry
  /** `allowedOrigins`: of web pages that may call the API, besides the server's own. */
  readonly settings: LiveValue<Pick<Settings, 'allowedOrigins' | 'limits' | 'trustedDocuments'>>
  readonly log: Logger
  /** Answers `/metrics`. */
  readonly handleMetrics: RequestHandler
  /** The built files of the web app. Null: browsers that open `/` are sent to the playground. */
  readonly webAppFolder: string | null
  readonly heartbeat?: WebSocketHeartbeatOptions
  /** False in tests only: every request goes through Yoga and graphql-js, with the same responses. Default: true. */
  readonly usesFastPaths?: boolean
}

export interface Server {
  /** The address on which the server listens, for example `http://127.0.0.1:4000`. */
  readonly url: string
  /** Closes all connections. Clients get a short grace period to receive their last events. */
  close(): Promise<void>
}

export const defaultWebSocketHeartbeat: WebSocketHeartbeatOptions = { intervalMs: 5000, timeoutMs: 15_000 }

/** How long clients have to receive their last events when the server stops. */
const shutdownGracePeriodMs = 300

/** Serves the schema over HTTP, server-sent events and WebSocket. Rejects if it cannot listen on the port. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { host, port, settings } = options
  const errors = new ErrorFormatter(options.log)
  const checkRequest = createRequestCheck(options)
  const stopping = new AbortController()
  const authenticator = new Authenticator({
    tokens: options.tokens,
    methods: [
      createBearerAuthentication(options.tokens, options.jwts),
      createCookieAuthentication(options.tokens, options.signInCookies, options.trustProxy),
    ],
    limits: new CallerLimits(() => settings.current.limits),
    trustProxy: options.trustProxy,
  })
  const { handleRequest, webSockets } = createTransports(options, {
    ...{ errors, checkRequest, authenticator },
    stopping: stopping.signal,
  })
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const caller = await authenticator.authenticateHandshake(request)
    if (caller !== null && isRejection(caller)) rejectUpgrade(socket, caller)
    else webSockets.upgrade(request, socket, head, caller)
  }
  const server = createHttpServer(options.tls, options.log, createRequestListener(handleRequest, options, errors))
  server.on('upgrade', (request, socket, head) => {
    // Node removes its own listener on an upgrade, and a client may reset the connection during the handshake.
    socket.on('error', () => socket.destroy())
    const rejection = checkRequest(request)
    if (rejection) return rejectUpgrade(socket, rejection)
    if (readRequestPath(request) !== graphqlPath) return endUpgrade(socket, 404)
    if (webSockets.size >= settings.current.limits.sockets) return endUpgrade(socket, 503)
    upgrade(request, socket, head).catch((error: unknown) => {
      errors.logUnexpected(error)
      socket.destroy()
    })
  })

  const { promise: listening, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, resolve)
  await listening

  const urlHost = host.includes(':') ? `[${host}]` : host
  return {
    url: `${options.tls === null ? 'http' : 'https'}://${urlHost}:${requireBoundPort(server.address())}`,
    close: async () => {
      const closed = new Promise((done) => server.close(done))
      const endTimer = setTimeout(() => stopping.abort(), shutdownGracePeriodMs)
      await webSockets.close(shutdownGracePeriodMs)
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), 2 * shutdownGracePeriodMs)
      await closed
      clearTimeout(endTimer)
      clearTimeout(timer)
    },
  }
}

type RequestCheck = (request: IncomingMessage) => RequestRejection | null

/** The check that precedes everything else, over HTTP as at the handshake of a WebSocket. */
function createRequestCheck({ settings, log, ...options }: ServerOptions): RequestCheck {
  const guard = new RequestGuard({ ...options, readAllowedOrigins: () => settings.current.allowedOrigins })
  const refusedOrigins = new RefusedOriginLogger(log)
  return (request) => {
    const rejection = normalizeRequestTarget(request) ?? guard.check(request)
    if (rejection) refusedOrigins.logRejection(rejection)
    return rejection
  }
}

interface TransportParts {
  readonly errors: ErrorFormatter
  readonly checkRequest: RequestCheck
  readonly authenticator: Authenticator
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal
}

/** Creates the transports, which share one document cache and one error formatter. */
function createTransports(
  options: ServerOptions,
  { errors, checkRequest, authenticator, stopping }: TransportParts,
): { readonly handleRequest: PublicRequestHandler; readonly webSockets: WebSocketServer } {
  const { profiles, settings, log, webAppFolder, heartbeat = defaultWebSocketHeartbeat, handleMetrics } = options
  const { usesFastPaths = true } = options
  const readLimits = () => settings.current.limits
  const readMaxRequestBytes = () => readLimits().requestBytes
  const readSlowConsumerTimeoutMs = () => readLimits().slowConsumerSeconds * 1000
  const cors = new CorsPolicy(() => settings.current.allowedOrigins)
  const documents = new DocumentLoader(() => settings.current.trustedDocuments)
  const operations = new OperationRunner({ profiles, documents, errors, readLimits, usesPlans: usesFastPaths })
  // Few requests need Yoga, which takes as long to load as most of the server.
  const handleWithYoga = loadOnFirstCall(async () => {
    const { createYogaHandler } = await import('./graphql/yoga.ts')
    return createYogaHandler({
      ...{ operations, errors, readSlowConsumerTimeoutMs },
      batches: new BatchRunner(operations),
    })
  })
  const handleJson = usesFastPaths
    ? createJsonHandler({ operations, errors, handleOther: handleWithYoga })
    : handleWithYoga
  const route = createRouter({
    authenticate: (request, response) => authenticator.authenticate(request, response),
    routes: [
      ...createPublicRoutes({ ...options, readiness: profiles.readiness, authenticator }),
      { path: '/metrics', handle: handleMetrics },
      ...createFileRoutes({ profiles, readSlowConsumerTimeoutMs }, errors),
      {
        path: graphqlPath,
        accepts: acceptsEventStream,
        handle: createSseHandler({
          operations,
          limits: authenticator.limits,
          handleJson,
          readMaxRequestBytes,
          readSlowConsumerTimeoutMs,
          heartbeatIntervalMs: heartbeat.intervalMs,
          stopping,
        }),
      },
      { path: graphqlPath, handle: limitRequestBody(handleJson, readMaxRequestBytes) },
    ],
    handleNotFound: webAppFolder === null ? handleOther : createWebAppHandler(webAppFolder, handleOther),
  })
  const handlePageOrRoute = createSignInGate(options.tokens, authenticator, route)
  return {
    webSockets: new WebSocketServer({ operations, authenticator, errors, readLimits, heartbeat, log }),
    handleRequest: (request, response) => {
      const rejection = checkRequest(request)
      const isCorsPath = servesOtherOrigins(readRequestPath(request))
      if (isCorsPath) cors.setHeaders(request, response)
      if (rejection) return sendRejection(response, rejection)
      if (isCorsPath && cors.isPreflight(request)) return sendPreflightResponse(response)
      return handlePageOrRoute(request, response)
    },
  }
}

function createFileRoutes(options: FileHandlerOptions, errors: ErrorFormatter): Route[] {
  const { profiles } = options
  const formatError = (error: unknown) => errors.format(error)
  const isRead = ({ method }: IncomingMessage): boolean => method === 'GET' || method === 'HEAD'
  return [
    { path: `${filesPath}/`, accepts: isRead, handle: createFileHandler(options) },
    { path: filesPath, accepts: isPost, role: 'USER', handle: createUploadHandler({ profiles, formatError }) },
  ]
}

function requireBoundPort(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('The server does not listen on a port.')
  return address.port
}

/** Handles each request under an id of its own, and answers those that fail unexpectedly. */
function createRequestListener(
  handleRequest: PublicRequestHandler,
  { settings }: Pick<ServerOptions, 'settings'>,
  errors: ErrorFormatter,
): RequestListener {
  return (request, response) => {
    const handle = async (): Promise<void> => {
      try {
        await handleRequest(request, response)
        // Sets the time that the client has to receive the end of the response.
        if (!response.writableFinished) response.setTimeout(settings.current.limits.slowConsumerSeconds * 1000)
      } catch (error) {
        // The client has left while it was sending its request.
        if (request.destroyed && !request.complete) response.destroy()
        else sendInternalError(response, error, errors)
      }
    }
    void runWithLogContext({ request: createRequestId() }, handle)
  }
}

/** Answers a request that has failed unexpectedly. If the answer has begun, all that is left is to end it. */
function sendInternalError(response: ServerResponse, error: unknown, errors: ErrorFormatter): void {
  const formatted = errors.format(error)
  if (response.headersSent || response.destroyed) response.destroy()
  else sendJson(response, 500, { errors: [formatted] }, { connection: 'close' })
}

const isPost = ({ method }: IncomingMessage): boolean => method === 'POST'

/** Whether pages of allowed origins may read what is at a path. */
function servesOtherOrigins(path: string): boolean {
  return path === graphqlPath || path === filesPath || path.startsWith(`${filesPath}/`)
}

/** Sends a client that knows no path to the playground, and says to others that theirs is wrong. */
function handleOther(request: IncomingMessage, response: ServerResponse): void {
  if (readRequestPath(request) === '/') return void response.writeHead(302, { location: graphqlPath }).end()
  const message = `The path does not exist. The API is at ${graphqlPath}.`
  sendJson(response, 404, { errors: [createGraphQLError('NOT_FOUND', message)] })
}
