import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { type DocumentNode, GraphQLError, parse, validate } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { type Domain, newContext } from '../schema/context.ts'
import { schema } from '../schema/schema.ts'
import type { Execution } from './execution.ts'
import { coded, publicError } from './public-error.ts'

const largestMessage = 16 * 1024 * 1024 // bytes

export interface WebSockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Ends all sockets once their operations have been answered, which is waited for this long, in milliseconds. */
  close(patience: number): Promise<void>
}

/** GraphQL over WebSocket, as graphql-transport-ws. */
export function newWebSockets(domain: Domain, { execute, subscribe }: Execution, log: Logger): WebSockets {
  const server = new WebSocketServer({ noServer: true, maxPayload: largestMessage })
  const onFault = (fault: unknown): void => log.error({ err: fault }, 'an operation failed')
  const unanswered = new Set<object>()
  let allAnswered = (): void => undefined
  const { dispose } = useServer(
    {
      execute,
      subscribe,
      onSubscribe: (_, id, { query, variables, operationName }) => {
        const document = parsed(query)
        if (document instanceof GraphQLError) return [document]
        const errors = validate(schema, document)
        if (errors.length > 0)
          return errors.map((error) => coded('GRAPHQL_VALIDATION_FAILED', error.message, {}, error))
        // The operation's id is what a client repeats when it comes back after its socket broke.
        return {
          schema,
          document,
          variableValues: variables,
          operationName,
          contextValue: newContext(domain, { operationId: id }),
        }
      },
      onError: (_, __, ___, errors) => errors.map((error) => publicError(error, onFault).toJSON()),
      onOperation: (_, __, payload) => void unanswered.add(payload),
      onComplete: (_, __, payload) => {
        unanswered.delete(payload)
        if (unanswered.size === 0) allAnswered()
      },
      isProd: true,
    },
    server,
  )
  return {
    upgrade: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (client) => server.emit('connection', client, request))
    },
    close: async (patience) => {
      const answered = new Promise<void>((resolve) => (allAnswered = resolve))
      if (unanswered.size > 0) await Promise.race([answered, delay(patience, undefined, { ref: false })])
      await dispose()
    },
  }
}

/** A document that is none is the fault of one operation; thrown, it would end the whole socket. */
function parsed(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query)
  } catch (error) {
    if (error instanceof GraphQLError) return error
    throw error
  }
}
