import { z } from 'zod'

/** A request body that follows OpenAI's rules for chat completions. */
export type CompletionRequest = z.infer<typeof completionRequestSchema>

/** The error of OpenAI for an invalid request, which has the status 400. */
export interface RequestError {
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
const textContent = z.union([z.string(), z.array(textPart).min(1)])

const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name, arguments: z.string() }),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal(['system', 'developer']), content: textContent, name: name.optional() }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(userPart).min(1)]),
    name: name.optional(),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: textContent.nullish(),
    refusal: z.string().nullish(),
    // OpenAI has none. Providers that send it take it back, and this one does.
    reasoning_content: z.string().optional(),
    tool_calls: z.array(toolCall).min(1).optional(),
    name: name.optional(),
  }),
  z.strictObject({ role: z.literal('tool'), content: textContent, tool_call_id: z.string().min(1) }),
])

// At its top level, a schema must be an object with properties and without alternatives.
const parameters = z.looseObject({
  type: z.literal('object'),
  properties: z.record(z.string(), z.union([z.boolean(), z.looseObject({})])),
  ...Object.fromEntries(['anyOf', 'oneOf', 'allOf', 'not', 'enum'].map((keyword) => [keyword, z.never().optional()])),
})

const completionRequestSchema = z.strictObject({
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

/** Validates a request body. Returns the request, or the error of OpenAI. */
export function parseCompletionRequest(body: unknown): CompletionRequest | RequestError {
  const malformedPath = findLoneSurrogate(body, '')
  if (malformedPath !== null)
    return newRequestError(`Invalid body: ${malformedPath} holds half a surrogate pair.`, malformedPath)
  const parsed = completionRequestSchema.safeParse(body)
  if (!parsed.success) return toRequestError(parsed.error)
  return (
    validateFieldCombinations(parsed.data) ??
    validateTools(parsed.data) ??
    validateMessageOrder(parsed.data.messages) ??
    parsed.data
  )
}

export function isRequestError(result: CompletionRequest | RequestError): result is RequestError {
  return !('messages' in result)
}

function newRequestError(text: string, param: string | null, code: string | null = null): RequestError {
  return { message: text, param, code }
}

function toRequestError(error: z.ZodError): RequestError {
  // A union nests the problems of its branches. The deepest one belongs to the intended branch.
  const deepest = (issues: readonly z.core.$ZodIssue[], at: readonly PropertyKey[]): [z.core.$ZodIssue, string] => {
    const all = issues.map((issue): [z.core.$ZodIssue, string] => {
      const path = [...at, ...issue.path]
      const nested = issue.code === 'invalid_union' ? issue.errors.flat() : []
      return nested.length > 0 ? deepest(nested, path) : [issue, formatPath(path)]
    })
    return all.reduce((best, next) => (next[1].length > best[1].length ? next : best))
  }
  const [issue, at] = deepest(error.issues, [])
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys.map((key) => (at === '' ? key : `${at}.${key}`)).join(', ')
    return newRequestError(`Unknown parameter: '${unknown}'.`, unknown, 'unknown_parameter')
  }
  return newRequestError(`Invalid value for '${at}': ${issue.message}.`, at === '' ? null : at, 'invalid_value')
}

function formatPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`))
    .join('')
}

function validateFieldCombinations(request: CompletionRequest): RequestError | null {
  for (const field of ['tool_choice', 'parallel_tool_calls'] as const) {
    if (request[field] !== undefined && request.tools === undefined) {
      return newRequestError(`'${field}' is only allowed when 'tools' are specified.`, field)
    }
  }
  if (request.stream_options != null && request.stream !== true) {
    return newRequestError("'stream_options' is only allowed when 'stream' is true.", 'stream_options')
  }
  return null
}

function validateTools({ tools = [], tool_choice: choice }: CompletionRequest): RequestError | null {
  const names = tools.map((tool) => tool.function.name)
  const duplicateIndex = names.findIndex((each, index) => names.indexOf(each) < index)
  if (duplicateIndex >= 0)
    return newRequestError(
      `Tool names must be unique: ${names[duplicateIndex]}.`,
      `tools[${duplicateIndex}].function.name`,
    )
  if (typeof choice !== 'object' || names.includes(choice.function.name)) return null
  return newRequestError(`Tool choice '${choice.function.name}' not found in 'tools' parameter.`, 'tool_choice')
}

function validateMessageOrder(messages: CompletionRequest['messages']): RequestError | null {
  let pendingIds = new Set<string>()
  for (const [index, entry] of messages.entries()) {
    const at = `messages[${index}]`
    if (entry.role === 'tool') {
      if (!pendingIds.delete(entry.tool_call_id)) {
        return newRequestError(
          `Invalid ${at}: a message with role 'tool' must answer, once, a tool call of the assistant's message before it.`,
          `${at}.tool_call_id`,
        )
      }
      continue
    }
    if (pendingIds.size > 0) return missingToolResultsError(pendingIds, at)
    if (entry.role !== 'assistant') continue
    const calls = entry.tool_calls ?? []
    if (calls.length === 0 && !entry.content?.length && !entry.refusal) {
      return newRequestError(`Invalid ${at}: an assistant message needs content or tool calls.`, `${at}.content`)
    }
    pendingIds = new Set(calls.map(({ id }) => id))
    if (pendingIds.size < calls.length)
      return newRequestError(`Invalid ${at}: a tool_call_id comes twice.`, `${at}.tool_calls`)
  }
  return pendingIds.size > 0 ? missingToolResultsError(pendingIds, 'messages') : null
}

function missingToolResultsError(ids: ReadonlySet<string>, at: string): RequestError {
  const list = [...ids].join(', ')
  return newRequestError(
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
      `The following tool_call_ids did not have response messages: ${list}`,
    at,
  )
}

function findLoneSurrogate(value: unknown, at: string): string | null {
  if (typeof value === 'string') return value.isWellFormed() ? null : at
  if (typeof value !== 'object' || value === null) return null
  for (const [key, inner] of Object.entries(value)) {
    const found = findLoneSurrogate(inner, at === '' ? key : `${at}.${key}`)
    if (found !== null) return found
  }
  return null
}
