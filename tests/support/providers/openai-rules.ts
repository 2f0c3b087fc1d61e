import { z } from 'zod'

/** The body of a request that keeps all of OpenAI's rules for chat completions. */
export type ChatRequest = z.infer<typeof chatRequest>

/** Why OpenAI would answer 400. */
export interface Refusal {
  readonly message: string
  readonly param: string | null
  readonly code: string | null
}

const name = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/)
const textPart = z.strictObject({ type: z.literal('text'), text: z.string() })
const userPart = z.discriminatedUnion('type', [
  textPart,
  z.strictObject({
    type: z.literal('image_url'),
    image_url: z.strictObject({ url: z.string().min(1), detail: z.enum(['auto', 'low', 'high']).optional() }),
  }),
  z.strictObject({
    type: z.literal('input_audio'),
    input_audio: z.strictObject({ data: z.string().min(1), format: z.enum(['wav', 'mp3']) }),
  }),
  z.strictObject({
    type: z.literal('file'),
    file: z.strictObject({
      filename: z.string().optional(),
      file_data: z.string().optional(),
      file_id: z.string().optional(),
    }),
  }),
])
const texts = z.union([z.string(), z.array(textPart).min(1)])

const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name, arguments: z.string() }),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal(['system', 'developer']), content: texts, name: name.optional() }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(userPart).min(1)]),
    name: name.optional(),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: texts.nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(toolCall).min(1).optional(),
    name: name.optional(),
  }),
  z.strictObject({ role: z.literal('tool'), content: texts, tool_call_id: z.string().min(1) }),
])

// At its top level a schema is an object with its properties and nothing to choose from, also where there is none.
const parameters = z.looseObject({
  type: z.literal('object'),
  properties: z.record(z.string(), z.union([z.boolean(), z.looseObject({})])),
  ...Object.fromEntries(['anyOf', 'oneOf', 'allOf', 'not', 'enum'].map((keyword) => [keyword, z.never().optional()])),
})

const chatRequest = z.strictObject({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
  tools: z
    .array(
      z.strictObject({
        type: z.literal('function'),
        function: z.strictObject({
          name,
          description: z.string().optional(),
          parameters: parameters.optional(),
          strict: z.boolean().nullish(),
        }),
      }),
    )
    .min(1)
    .max(128)
    .optional(),
  tool_choice: z
    .union([
      z.enum(['none', 'auto', 'required']),
      z.strictObject({ type: z.literal('function'), function: z.strictObject({ name }) }),
    ])
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  seed: z.int().nullish(),
  user: z.string().optional(),
  response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }).optional(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
  verbosity: z.enum(['low', 'medium', 'high']).nullish(),
  store: z.boolean().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  service_tier: z.enum(['auto', 'default', 'flex', 'priority', 'scale']).nullish(),
})

/** The request, or why it is refused. `body` is the parsed JSON. */
export function readChatRequest(body: unknown): ChatRequest | Refusal {
  const spoiled = loneSurrogate(body, '')
  if (spoiled !== null) return refusal(`Invalid body: ${spoiled} holds half a surrogate pair.`, spoiled)
  const parsed = chatRequest.safeParse(body)
  if (!parsed.success) return refusalOf(parsed.error)
  return (
    crossFieldRefusal(parsed.data) ?? toolsRefusal(parsed.data) ?? sequenceRefusal(parsed.data.messages) ?? parsed.data
  )
}

export function isRefusal(answer: ChatRequest | Refusal): answer is Refusal {
  return !('messages' in answer)
}

function refusal(text: string, param: string | null, code: string | null = null): Refusal {
  return { message: text, param, code }
}

function refusalOf(error: z.ZodError): Refusal {
  // A union nests the problems of its branches; the deepest is the one that the sender meant.
  const deepest = (issues: readonly z.core.$ZodIssue[], at: readonly PropertyKey[]): [z.core.$ZodIssue, string] => {
    const all = issues.map((issue): [z.core.$ZodIssue, string] => {
      const path = [...at, ...issue.path]
      const nested = issue.code === 'invalid_union' ? issue.errors.flat() : []
      return nested.length > 0 ? deepest(nested, path) : [issue, pathText(path)]
    })
    return all.reduce((best, next) => (next[1].length > best[1].length ? next : best))
  }
  const [issue, at] = deepest(error.issues, [])
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys.map((key) => (at === '' ? key : `${at}.${key}`)).join(', ')
    return refusal(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter')
  }
  return refusal(`Invalid value for '${at}': ${issue.message}.`, at === '' ? null : at, 'invalid_value')
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`))
    .join('')
}

function crossFieldRefusal(request: ChatRequest): Refusal | null {
  for (const field of ['tool_choice', 'parallel_tool_calls'] as const) {
    if (request[field] !== undefined && request.tools === undefined) {
      return refusal(`'${field}' is only allowed when 'tools' are specified.`, field)
    }
  }
  if (request.stream_options != null && request.stream !== true) {
    return refusal("'stream_options' is only allowed when 'stream' is true.", 'stream_options')
  }
  return null
}

function toolsRefusal({ tools = [], tool_choice: choice }: ChatRequest): Refusal | null {
  const names = tools.map((tool) => tool.function.name)
  const twice = names.findIndex((each, index) => names.indexOf(each) < index)
  if (twice >= 0) return refusal(`Tool names must be unique: ${names[twice]}.`, `tools[${twice}].function.name`)
  if (typeof choice !== 'object' || names.includes(choice.function.name)) return null
  return refusal(`Tool choice '${choice.function.name}' not found in 'tools' parameter.`, 'tool_choice')
}

function sequenceRefusal(messages: ChatRequest['messages']): Refusal | null {
  let awaited = new Set<string>()
  for (const [index, entry] of messages.entries()) {
    const at = `messages[${index}]`
    if (entry.role === 'tool') {
      if (!awaited.delete(entry.tool_call_id)) {
        return refusal(
          `Invalid ${at}: a message with role 'tool' must answer, once, a tool call of the assistant's message before it.`,
          `${at}.tool_call_id`,
        )
      }
      continue
    }
    if (awaited.size > 0) return unanswered(awaited, at)
    if (entry.role !== 'assistant') continue
    const calls = entry.tool_calls ?? []
    if (calls.length === 0 && !entry.content?.length && !entry.refusal) {
      return refusal(`Invalid ${at}: an assistant message needs content or tool calls.`, `${at}.content`)
    }
    awaited = new Set(calls.map(({ id }) => id))
    if (awaited.size < calls.length) return refusal(`Invalid ${at}: a tool_call_id comes twice.`, `${at}.tool_calls`)
  }
  return awaited.size > 0 ? unanswered(awaited, 'messages') : null
}

function unanswered(ids: ReadonlySet<string>, at: string): Refusal {
  const list = [...ids].join(', ')
  return refusal(
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      `The following tool_call_ids did not have response messages: ${list}`,
    at,
  )
}

function loneSurrogate(value: unknown, at: string): string | null {
  if (typeof value === 'string') return value.isWellFormed() ? null : at
  if (typeof value !== 'object' || value === null) return null
  for (const [key, inner] of Object.entries(value)) {
    const found = loneSurrogate(inner, at === '' ? key : `${at}.${key}`)
    if (found !== null) return found
  }
  return null
}
