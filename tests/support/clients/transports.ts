import { z } from 'zod'
import { RawSocket } from '../server/raw-socket.ts'

const resultSchema = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ message: z.string(), extensions: z.looseObject({ code: z.string() }) })).default([]),
  extensions: z.record(z.string(), z.unknown()).default({}),
})

export type OperationResult = z.output<typeof resultSchema>

/** The parameters of one operation. */
export interface OperationParams {
  readonly query?: string
  readonly documentId?: string
  readonly variables?: object
  readonly extensions?: object
}

type Send = (url: string, params: OperationParams) => Promise<OperationResult>

const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json' }

async function post(url: string, body: object, accept = jsonHeaders.accept): Promise<string> {
  const headers = { ...jsonHeaders, accept }
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify(body) })
  return response.text()
}

function toQueryString({ variables, extensions, ...texts }: OperationParams): string {
  const objects = Object.entries({ variables, extensions }).filter(([, value]) => value !== undefined)
  return new URLSearchParams({
    ...texts,
    ...Object.fromEntries(objects.map(([name, value]) => [name, JSON.stringify(value)])),
  }).toString()
}

const parseEvent = (body: string): OperationResult =>
  resultSchema.parse(JSON.parse(/^data: (\{.*)$/m.exec(body)?.[1] ?? body))

/** Ways to send one operation and receive its first result. Each sends the parameters as they are. */
export const transports = {
  http: async (url, params) => resultSchema.parse(JSON.parse(await post(url, params))),
  httpGet: async (url, params) => {
    const response = await fetch(`${url}/graphql?${toQueryString(params)}`, { headers: { accept: 'application/json' } })
    return resultSchema.parse(await response.json())
  },
  batch: async (url, params) => z.tuple([resultSchema]).parse(JSON.parse(await post(url, [params])))[0],
  sse: async (url, params) => parseEvent(await post(url, params, 'text/event-stream')),
  sseGet: async (url, params) => {
    const response = await fetch(`${url}/graphql?${toQueryString(params)}`, {
      headers: { accept: 'text/event-stream' },
    })
    return parseEvent(await response.text())
  },
  webSocket: async (url, params) => {
    const socket = await RawSocket.open(url)
    socket.send({ id: '1', type: 'subscribe', payload: params })
    const { type, payload } = await socket.nextFor('1')
    await socket.close()
    return resultSchema.parse(type === 'error' ? { errors: payload } : payload)
  },
} satisfies Readonly<Record<string, Send>>
