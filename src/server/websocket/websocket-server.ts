import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { ExecutionArgs, ExecutionResult, GraphQLError } from 'graphql'
import { handleProtocols, makeServer, type SubscribePayload } from 'graphql-ws'
import { WebSocketServer as WsServer } from 'ws'
import type { ServerLimits } from '../../config/limits.ts'
import { waitForAbort } from '../../lib/async/wait-for-abort.ts'
import type { Logger } from '../../lib/logger.ts'
import { encodeJsonInSteps, isSmallJson } from '../../lib/json-output/encode-json-in-steps.ts'
import { createGraphQLError, createInvalidParamsError } from '../graphql/graphql-errors.ts'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Caller } from '../auth/caller.ts'
import type { ErrorFormatter } from '../graphql/error-formatter.ts'
import { requireGraphQLContext } from '../graphql/execute-operation.ts'
import { parseGraphQLParams } from '../graphql/graphql-params.ts'
import type { OperationRunner } from '../graphql/operation-runner.ts'
import { isSubscriptionResults } from '../graphql/subscriptions/subscription-results.ts'
import { type GraphQLWsServer, GraphQLSocket, type GraphQLSocketOptions } from './graphql-socket.ts'
import { MessageReviver } from './message-reviver.ts'
import { WebSocketClosedError, type WebSocketHeartbeatOptions } from './websocket-connection.ts'
import type { WebSocketSession } from './websocket-session.ts'

export interface WebSocketServerOptions {
  readonly operations: OperationRunner
  readonly authenticator: Authenticator
  readonly errors: ErrorFormatter
  /** Called for each socket and each operation. */
  readonly readLimits: () => ServerLimits
  readonly heartbeat: WebSocketHeartbeatOptions
  readonly log: Logger
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** As many messages of the largest size may start operations that run at the same time on a socket. */
const largestMessagesAtOnce = 4

/** The close code of RFC 6455 for a server that stops. */
const goingAway = 1001

/** Serves GraphQL over WebSocket, with the protocol graphql-transport-ws. Knows all open sockets. */
export class WebSocketServer {
  readonly #server = new WsServer({ noServer: true, handleProtocols })
  readonly #readLimits: () => ServerLimits
  readonly #sockets = new Set<GraphQLSocket>()
  readonly #authenticator: Authenticator
  readonly #socketOptions: GraphQLSocketOptions

  constructor({ operations, authenticator, errors, readLimits, heartbeat, log }: WebSocketServerOptions) {
    this.#authenticator = authenticator
    this.#readLimits = readLimits
    const reviver = new MessageReviver()
    this.#socketOptions = {
      protocol: createProtocol(operations, errors, { readLimits, reviver }),
      reviver,
      readSlowConsumerTimeoutMs: () => readLimits().slowConsumerSeconds * 1000,
      heartbeat,
      errors,
      log,
    }
  }

  /** The number of open sockets. */
  get size(): number {
    return this.#server.clients.size
  }

  /** Completes the handshake of an HTTP upgrade request. Without a caller, connection_init has to say who it is. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, caller: Caller | null): void {
    const session = { authenticator: this.#authenticator, handshake: request, caller }
    // Of the new socket. Those that are open keep theirs.
    this.#server.options.maxPayload = this.#readLimits().requestBytes
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const graphqlSocket = new GraphQLSocket(webSocket, request.socket, this.#socketOptions, session)
      this.#sockets.add(graphqlSocket)
      webSocket.once('close', () => this.#sockets.delete(graphqlSocket))
    })
  }

  /** Closes all sockets when their operations have been answered, or after the grace period. */
  async close(gracePeriodMs: number): Promise<void> {
    const idle = Promise.all([...this.#sockets].map((socket) => socket.waitUntilIdle()))
    await Promise.race([idle, delay(gracePeriodMs, undefined, { ref: false })])
    const closed = new Promise((done) => this.#server.close(done))
    for (const client of this.#server.clients) client.close(goingAway, 'Server is stopping: reconnect later.')
    const timer = setTimeout(() => {
      for (const client of this.#server.clients) client.terminate()
    }, gracePeriodMs)
    await closed
    clearTimeout(timer)
  }
}

function createProtocol(
  operations: OperationRunner,
  errors: ErrorFormatter,
  { readLimits, reviver }: Pick<WebSocketServerOptions, 'readLimits'> & { readonly reviver: MessageReviver },
): GraphQLWsServer {
  return makeServer<Record<string, unknown>, WebSocketSession>({
    onConnect: ({ extra: session, connectionParams }) => session.authenticate(connectionParams),
    execute: (args) => endOnAbort(operations.execute(args), args),
    subscribe: (args) => endOnAbort(operations.subscribe(args), args),
    onSubscribe: ({ subscriptions, extra: session }, id, payload) => {
      const { operationsPerSocket, requestBytes } = readLimits()
      if (Object.keys(subscriptions).length > operationsPerSocket) return [tooManyOperations(operationsPerSocket)]
      const maxBytes = largestMessagesAtOnce * requestBytes
      if (!session.holdMessage(id, maxBytes)) return [tooManyBytes(maxBytes)]
      return prepareOperation(operations, session, id, payload)
    },
    onNext: ({ extra: session }, _, __, ___, result) => deferLargeResult(session, result),
    onOperation: ({ extra: session }, id, _, __, result) => {
      if (isSubscriptionResults(result)) result.sendSharedTo(session.createResultSink(id))
    },
    jsonMessageReviver: reviver.revive,
    onComplete: ({ extra: session }, id) => session.releaseOperation(id),
    onError: (_, __, ___, graphqlErrors) => graphqlErrors.map((error) => formatError(error, errors).toJSON()),
  })
}

/** Writes a large result in steps. Undefined: graphql-ws writes it. */
async function deferLargeResult(session: WebSocketSession, result: object): Promise<object | void> {
  if (!isSmallJson(result)) return session.deferredJson.defer(await Array.fromAsync(encodeJsonInSteps(result)))
}

/** Prepares an operation, and counts it. The signal of the operation exists before the first await. */
async function prepareOperation(
  operations: OperationRunner,
  session: WebSocketSession,
  id: string,
  payload: SubscribePayload,
): Promise<ExecutionArgs | readonly GraphQLError[]> {
  const signal = session.operationAborts.createSignal(id)
  const params = parseGraphQLParams(payload)
  if (!params) {
    session.releaseOperation(id)
    return [createInvalidParamsError()]
  }
  const operation = await operations.prepare(params, {
    viewer: session.caller.viewer,
    traceparent: session.traceparent,
    // A client that reconnects repeats the id.
    idempotencyKey: uuidPattern.test(id) ? id : null,
    signal,
  })
  const rejection =
    'type' in operation ? await session.admitOperation(id, operation.type === 'subscription', signal) : null
  if ('type' in operation && !rejection) return operation.args
  session.releaseOperation(id)
  return 'type' in operation ? [createGraphQLError('RATE_LIMITED', rejection?.message ?? '')] : operation
}

/** Ends an operation for graphql-ws as soon as the client has completed it: its id is free then. Nobody gets the result. */
function endOnAbort<T extends object>(operation: Promise<T>, args: ExecutionArgs): Promise<T | ExecutionResult> {
  const aborted = waitForAbort(requireGraphQLContext(args).signal).then(() => {
    void operation.then(closeStream, () => undefined)
    return {}
  })
  return Promise.race([operation, aborted])
}

function closeStream(result: object | AsyncGenerator): void {
  if (Symbol.asyncIterator in result) void result.return(undefined)
}

/** A subscription also fails when its socket closes. That is no failure of the server, so it is not logged. */
function formatError(error: GraphQLError, errors: ErrorFormatter): GraphQLError {
  return error.cause instanceof WebSocketClosedError ? error : errors.format(error)
}

function tooManyOperations(maxOperationsPerSocket: number): GraphQLError {
  const message = `This socket already runs ${maxOperationsPerSocket} operations. Complete one, or open another socket.`
  return createGraphQLError('RATE_LIMITED', message)
}

function tooManyBytes(maxBytes: number): GraphQLError {
  const message = `The operations that run on this socket would hold more than ${maxBytes} bytes of variables. Complete one, or open another socket.`
  return createGraphQLError('RATE_LIMITED', message)
}
