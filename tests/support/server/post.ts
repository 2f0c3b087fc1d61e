import { z } from 'zod'

const errorSchema = z.object({
  message: z.string(),
  path: z.array(z.union([z.string(), z.number()])).optional(),
  extensions: z.object({ code: z.string() }).catchall(z.unknown()),
})
const bodySchema = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(errorSchema).optional(),
})

export type WireError = z.output<typeof errorSchema>

export interface GraphQLResponse {
  readonly status: number
  readonly headers: Headers
  readonly data: Readonly<Record<string, unknown>> | null
  readonly errors: readonly WireError[]
}

/** Sends a query or a mutation. `url` is for example `http://127.0.0.1:4000`. */
export async function post(
  url: string,
  query: string,
  variables: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<GraphQLResponse> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  })
  return readGraphQLResponse(response)
}

export async function readGraphQLResponse(response: Response): Promise<GraphQLResponse> {
  const { data = null, errors = [] } = bodySchema.parse(await response.json())
  return { status: response.status, headers: response.headers, data, errors }
}

const startedSchema = z.object({
  startChat: z.object({ id: z.string(), status: z.string(), session: z.object({ id: z.string() }) }),
})

export interface StartInput {
  readonly text: string
  readonly sessionId?: string
  readonly key?: string
  readonly ifBusy?: 'REJECT' | 'QUEUE' | 'INTERRUPT'
}

/** Starts a stream. */
export async function start(
  url: string,
  input: StartInput,
): Promise<{ readonly id: string; readonly status: string; readonly sessionId: string }> {
  const { data, errors } = await post(
    url,
    'mutation ($input: StreamChatInput!) { startChat(input: $input) { id status session { id } } }',
    { input },
  )
  if (!data) throw new Error(`The stream could not be started: ${JSON.stringify(errors)}`)
  const { id, status, session } = startedSchema.parse(data).startChat
  return { id, status, sessionId: session.id }
}

const streamSchema = z.object({
  id: z.string(),
  status: z.string(),
  lastSeq: z.int(),
  error: z.object({ code: z.string() }).nullable(),
  session: z.object({ id: z.string(), headSeq: z.int() }),
  message: z.object({ id: z.string(), status: z.string(), text: z.string(), digest: z.string() }).nullable(),
})

/** The current state of a stream. */
export async function loadStream(url: string, id: string): Promise<z.output<typeof streamSchema>> {
  const { data } = await post(
    url,
    `query ($id: ID!) { stream(id: $id) {
      id status lastSeq error { code } session { id headSeq } message { id status text digest } } }`,
    { id },
  )
  return streamSchema.parse(data?.['stream'])
}
