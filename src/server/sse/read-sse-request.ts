import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { parseJsonOrNull } from '../../lib/text/json.ts'
import type { GraphQLParams } from '../graphql/prepare-operation.ts'
import { maxRequestBytes } from '../http/max-request-bytes.ts'

const graphqlParamsSchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})

/** Whether a request asks for its results as server-sent events. */
export function acceptsEventStream({ headers, method }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'POST') && /\btext\/event-stream\b/.test(headers.accept ?? '')
}

/** Reads the operation from the query of a GET request, or the body of a POST request. Null if it is invalid. */
export async function readGraphQLParams(request: IncomingMessage): Promise<GraphQLParams | 'too large' | null> {
  return request.method === 'GET' ? readQueryParams(request) : readBodyParams(request)
}

/** The seq of the last event that an EventSource has received; null in its first request. */
export function parseLastEventId({ headers }: IncomingMessage): number | null {
  const id = headers['last-event-id']
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : null
}

function readQueryParams({ url = '' }: IncomingMessage): GraphQLParams | null {
  const { variables: text, ...rest } = Object.fromEntries(new URL(url, 'http://localhost').searchParams)
  const variables = text ? parseJsonOrNull(text) : null
  const isInvalidJson = variables === null && text !== undefined && !/^\s*(null\s*)?$/.test(text)
  return isInvalidJson ? null : parseParams({ ...rest, variables })
}

async function readBodyParams(request: IncomingMessage): Promise<GraphQLParams | 'too large' | null> {
  const chunks: Buffer[] = []
  let size = 0
  // The connection must stay open when the loop ends early: it carries the error response.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > maxRequestBytes) return 'too large'
    chunks.push(chunk)
  }
  return parseParams(parseJsonOrNull(Buffer.concat(chunks).toString()))
}

function parseParams(value: unknown): GraphQLParams | null {
  return graphqlParamsSchema.safeParse(value).data ?? null
}
