import { createClient } from 'graphql-ws'
import type { Client } from 'graphql-ws'
import { z } from 'zod'

const usage = z.object({
  estimated: z.boolean(),
  inputTokens: z.int(),
  outputTokens: z.int(),
  reasoningTokens: z.int(),
  cachedInputTokens: z.int(),
})

const toolCall = z.object({
  id: z.string(),
  providerId: z.string().nullable(),
  name: z.string(),
  argumentsText: z.string(),
  arguments: z.json(),
  state: z.string(),
  result: z.json(),
  resultUrl: z.string().nullable(),
  error: z.string().nullable(),
})

const part = z.discriminatedUnion('type', [
  z.object({ type: z.literal('TextPart'), index: z.int(), text: z.string() }),
  z.object({ type: z.literal('ReasoningPart'), index: z.int(), text: z.string() }),
  z.object({ type: z.literal('ToolCallPart'), index: z.int(), toolCall }),
  z.object({
    type: z.literal('FilePart'),
    index: z.int(),
    mediaType: z.string(),
    name: z.string().nullable(),
    url: z.string(),
  }),
])

const message = z.object({
  id: z.string(),
  role: z.string(),
  status: z.string(),
  text: z.string(),
  reasoning: z.string().nullable(),
  digest: z.string(),
  usage: usage.nullable(),
  parts: z.array(part),
})

const stream = z.object({
  id: z.string(),
  status: z.string(),
  lastSeq: z.int(),
  finishReason: z.string().nullable(),
  model: z.string(),
  effort: z.string().nullable(),
  usage,
  retryAt: z.iso.datetime().nullable(),
  error: z.object({ code: z.string(), message: z.string(), retryAt: z.iso.datetime().nullable() }).nullable(),
  session: z.object({ id: z.string() }),
})

const decision = {
  id: z.string(),
  choices: z.array(z.string()),
  state: z.string(),
  requestedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  resolvedAt: z.iso.datetime().nullable(),
}
const approval = z.object({ ...decision, description: z.string(), decision: z.string().nullable() })
const clarification = z.object({ ...decision, question: z.string(), answer: z.string().nullable() })
const idObject = z.object({ id: z.string() })

const eventBase = { seq: z.int(), at: z.iso.datetime(), sessionId: z.string(), streamId: z.string().nullable() }
const partEventBase = { ...eventBase, messageId: z.string(), partIndex: z.int() }
const event = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('StreamStarted'),
    ...eventBase,
    status: z.string(),
    stream,
    userMessage: z.object({ id: z.string() }),
  }),
  z.object({ type: z.literal('TextDelta'), ...partEventBase, offset: z.int(), text: z.string() }),
  z.object({ type: z.literal('ReasoningDelta'), ...partEventBase, offset: z.int(), text: z.string() }),
  z.object({
    type: z.literal('ToolCallDelta'),
    ...partEventBase,
    toolCallId: z.string(),
    toolName: z.string(),
    offset: z.int(),
    argumentsText: z.string(),
  }),
  z.object({ type: z.literal('ToolCallChanged'), ...partEventBase, toolCallState: z.string(), toolCall }),
  z.object({
    type: z.literal('FilePartAdded'),
    ...partEventBase,
    mediaType: z.string(),
    name: z.string().nullable(),
    url: z.string(),
  }),
  z.object({ type: z.literal('PartFinished'), ...partEventBase }),
  z.object({ type: z.literal('StepFinished'), ...eventBase, step: z.int(), finishReason: z.string(), usage }),
  z.object({
    type: z.literal('MessageSteered'),
    ...eventBase,
    steeringState: z.string(),
    userMessage: z.object({ id: z.string() }),
  }),
  z.object({ type: z.literal('StreamChanged'), ...eventBase, status: z.string(), stream }),
  z.object({ type: z.literal('QueueChanged'), ...eventBase, streamIds: z.array(z.string()), queue: z.array(idObject) }),
  z.object({ type: z.literal('ApprovalChanged'), ...eventBase, state: z.string(), approval }),
  z.object({ type: z.literal('ClarificationChanged'), ...eventBase, state: z.string(), clarification }),
  z.object({
    type: z.literal('SessionChanged'),
    ...eventBase,
    session: idObject.extend({ title: z.string().nullable() }),
  }),
  z.object({ type: z.literal('SessionContinued'), ...eventBase, from: idObject, to: idObject }),
  z.object({
    type: z.literal('StreamFinished'),
    ...eventBase,
    status: z.string(),
    stream,
    message: message.nullable(),
  }),
  z.object({ type: z.literal('StreamReset'), ...eventBase, reason: z.string(), message: message.nullable() }),
])

const session = z.object({
  id: z.string(),
  headSeq: z.int(),
  messageCount: z.int(),
  lastActivityAt: z.iso.datetime(),
  usage,
  activeStream: stream.nullable(),
  messages: z.object({ edges: z.array(z.object({ node: message })) }),
})

const cancelResult = z.object({ outcome: z.string(), lastSeq: z.int(), stream, message: message.nullable() })

export type ApiUsage = z.output<typeof usage>
export type ApiToolCall = z.output<typeof toolCall>
export type ApiMessage = z.output<typeof message>
export type ApiStream = z.output<typeof stream>
export type ApiEvent = z.output<typeof event>
export type ApiSession = z.output<typeof session>
export type ApiCancelResult = z.output<typeof cancelResult>

export interface ChatInput {
  readonly text: string
  readonly sessionId?: string
  readonly key?: string
  readonly model?: string
  readonly effort?: string
  readonly files?: readonly { readonly name?: string; readonly mediaType: string; readonly url: string }[]
  readonly ifBusy?: 'REJECT' | 'QUEUE' | 'INTERRUPT' | 'STEER'
}

/** The first error of a result. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  readonly extensions: Readonly<Record<string, unknown>>

  constructor(errorMessage: string, extensions: Readonly<Record<string, unknown>>) {
    super(errorMessage)
    this.code = String(extensions['code'])
    this.extensions = extensions
  }
}

const usageFields = '{ estimated inputTokens outputTokens reasoningTokens cachedInputTokens }'
const toolCallFields = '{ id providerId name argumentsText arguments state result resultUrl error }'
const streamFields = `{ id status lastSeq finishReason model effort usage ${usageFields} retryAt error { code message retryAt } session { id } }`
const messageFields = `{
  id role status text reasoning digest
  usage ${usageFields}
  parts {
    type: __typename
    ... on TextPart { index text }
    ... on ReasoningPart { index text }
    ... on ToolCallPart { index toolCall ${toolCallFields} }
    ... on FilePart { index mediaType name url }
  }
}`
const decisionFields = 'id choices state requestedAt expiresAt resolvedAt'
const eventFields = `{
  type: __typename seq at sessionId streamId
  ... on StreamStarted { status stream ${streamFields} userMessage { id } }
  ... on TextDelta { messageId partIndex offset text }
  ... on ReasoningDelta { messageId partIndex offset text }
  ... on ToolCallDelta { messageId partIndex toolCallId toolName offset argumentsText }
  ... on ToolCallChanged { messageId partIndex toolCallState toolCall ${toolCallFields} }
  ... on FilePartAdded { messageId partIndex mediaType name url }
  ... on PartFinished { messageId partIndex }
  ... on StepFinished { step finishReason usage ${usageFields} }
  ... on MessageSteered { steeringState userMessage { id } }
  ... on StreamChanged { status stream ${streamFields} }
  ... on QueueChanged { streamIds queue { id } }
  ... on ApprovalChanged { state approval { ${decisionFields} description decision } }
  ... on ClarificationChanged { state clarification { ${decisionFields} question answer } }
  ... on SessionChanged { session { id title } }
  ... on SessionContinued { from { id } to { id } }
  ... on StreamFinished { status stream ${streamFields} message ${messageFields} }
  ... on StreamReset { reason message ${messageFields} }
}`

type Variables = Readonly<Record<string, unknown>>

/** A client of a server. Sends queries and mutations over HTTP, and subscriptions over one WebSocket. */
export class ChatClient implements AsyncDisposable {
  readonly #url: string
  readonly #socket: Client

  /** @param url For example `http://127.0.0.1:4000`. */
  constructor(url: string) {
    this.#url = `${url}/graphql`
    this.#socket = createClient({ url: this.#url.replace(/^http/, 'ws'), retryAttempts: 0 })
  }

  /** The data of a query or a mutation. Throws an ApiError. */
  async ask(query: string, variables: Variables = {}): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
    })
    return requireData(await response.json())
  }

  async createSession(input: Variables = {}): Promise<string> {
    const query = 'mutation ($input: CreateSessionInput!) { created: createSession(input: $input) { id } }'
    return z.object({ id: z.string() }).parse((await this.ask(query, { input }))['created']).id
  }

  async start(input: ChatInput): Promise<ApiStream> {
    const query = `mutation ($input: StreamChatInput!) { started: startChat(input: $input) ${streamFields} }`
    return stream.parse((await this.ask(query, { input }))['started'])
  }

  async cancel(streamId: string): Promise<ApiCancelResult> {
    const query = `mutation ($streamId: ID!) { cancelled: cancelStream(streamId: $streamId) {
      outcome lastSeq stream ${streamFields} message ${messageFields} } }`
    return cancelResult.parse((await this.ask(query, { streamId }))['cancelled'])
  }

  async stream(id: string): Promise<ApiStream & { readonly message: ApiMessage | null }> {
    const query = `query ($id: ID!) { result: stream(id: $id) { message ${messageFields} ... on Stream ${streamFields} } }`
    return stream.extend({ message: message.nullable() }).parse((await this.ask(query, { id }))['result'])
  }

  /** Loads a message by `node(id)`. */
  async message(id: string): Promise<ApiMessage> {
    const query = `query ($id: ID!) { result: node(id: $id) { ... on Message ${messageFields} } }`
    return message.parse((await this.ask(query, { id }))['result'])
  }

  /** The session with its first 400 messages. */
  async session(id: string): Promise<ApiSession> {
    const query = `query ($id: ID!) { result: session(id: $id) {
      id headSeq messageCount lastActivityAt usage ${usageFields} activeStream ${streamFields}
      messages(first: 400) { edges { node ${messageFields} } } } }`
    return session.parse((await this.ask(query, { id }))['result'])
  }

  async messages(sessionId: string): Promise<ApiMessage[]> {
    return (await this.session(sessionId)).messages.edges.map(({ node }) => node)
  }

  /** A page of the session's log. */
  async events(sessionId: string, after = 0): Promise<ApiEvent[]> {
    const query = `query ($id: ID!, $after: Int) {
      result: events(sessionId: $id, after: $after, first: 400) ${eventFields} }`
    return z.array(event).parse((await this.ask(query, { id: sessionId, after }))['result'])
  }

  streamChat(input: ChatInput, after: number | null = null): AsyncGenerator<ApiEvent> {
    const query = `subscription ($input: StreamChatInput!, $after: Int) {
      event: streamChat(input: $input, after: $after) ${eventFields} }`
    return this.#follow(query, { input, after })
  }

  followStream(streamId: string, after = 0): AsyncGenerator<ApiEvent> {
    const query = `subscription ($id: ID!, $after: Int) {
      event: followStream(streamId: $id, after: $after) ${eventFields} }`
    return this.#follow(query, { id: streamId, after })
  }

  followSession(sessionId: string, after = 0): AsyncGenerator<ApiEvent> {
    const query = `subscription ($id: ID!, $after: Int) {
      event: followSession(sessionId: $id, after: $after) ${eventFields} }`
    return this.#follow(query, { id: sessionId, after })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket.dispose()
  }

  /** The data of each event of a subscription. Throws an ApiError. */
  async *subscribe(query: string, variables: Variables): AsyncGenerator<Readonly<Record<string, unknown>>> {
    try {
      for await (const result of this.#socket.iterate({ query, variables: { ...variables } })) yield requireData(result)
    } catch (error) {
      // graphql-ws throws the list of errors of a subscription that is refused.
      throw Array.isArray(error) ? toApiError(error) : error
    }
  }

  async *#follow(query: string, variables: Variables): AsyncGenerator<ApiEvent> {
    for await (const data of this.subscribe(query, variables)) yield event.parse(data['event'])
  }
}

const errors = z.array(z.object({ message: z.string(), extensions: z.record(z.string(), z.unknown()).optional() }))
const result = z.object({ data: z.record(z.string(), z.unknown()).nullish(), errors: errors.optional() })

function requireData(response: unknown): Readonly<Record<string, unknown>> {
  const { data, errors: errorList } = result.parse(response)
  if (errorList || !data) throw toApiError(errorList)
  return data
}

function toApiError(errorList: unknown): ApiError {
  const [first] = errors.parse(errorList)
  return new ApiError(first?.message ?? 'The result has neither data nor errors.', first?.extensions ?? {})
}
