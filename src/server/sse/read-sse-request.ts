import type { IncomingMessage } from 'node:http'
import { GraphQLError } from 'graphql'
import { parseJsonWithExactNumbersOrNull } from '../../lib/text/json.ts'
import { type GraphQLParams, parseGraphQLParams } from '../graphql/graphql-params.ts'
import type { RequestJson } from '../graphql/request-json.ts'
import { acceptsExactMediaType } from '../http/accept-header.ts'

/** Whether a request names server-sent events in its Accept header. A wildcard is not enough. */
export function acceptsEventStream({ headers, method }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'POST') && acceptsExactMediaType(headers.accept, 'text/event-stream')
}

/**
 * Reads the operation from the query of a GET request, or from the body of a POST request. Null if it is invalid, the error
 * TOO_LARGE if its JSON has too many values.
 */
export async function readGraphQLParams(
  request: IncomingMessage,
  body: RequestJson,
): Promise<GraphQLParams | GraphQLError | null> {
  if (request.method === 'GET') return parseQueryParams(request)
  try {
    return parseGraphQLParams(await body.parse())
  } catch (error) {
    if (error instanceof GraphQLError) return error
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** The seq of the last event that an EventSource has received; null in its first request. */
export function parseLastEventId({ headers }: IncomingMessage): number | null {
  const id = headers['last-event-id']
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : null
}

function parseQueryParams({ url = '' }: IncomingMessage): GraphQLParams | null {
  const { variables, extensions, ...rest } = Object.fromEntries(new URL(url, 'http://localhost').searchParams)
  const parsed = [variables, extensions].map(parseJsonParam)
  return parsed.includes('invalid')
    ? null
    : parseGraphQLParams({ ...rest, variables: parsed[0], extensions: parsed[1] })
}

/** The value of a query parameter in JSON. An empty one is the same as none. */
function parseJsonParam(text: string | undefined): unknown {
  if (text === undefined || /^\s*(null\s*)?$/.test(text)) return null
  return parseJsonWithExactNumbersOrNull(text) ?? 'invalid'
}
