import { z } from 'zod'
import type { Json, JsonObject } from '../../lib/text/json.ts'
import type { MessagePart, OpaqueProviderState, ToolCall } from '../../model/message.ts'
import type { Usage } from '../../model/usage.ts'

export const id = z.string().min(1)
export const time = z.int() // milliseconds since the epoch, UTC
export const text = z.string()
export const hash = z.string().regex(/^[0-9a-f]{64}$/, { error: 'Expected a SHA-256 hash in hex' })
/** An object from JSON.parse, with whatever keys. */
export const jsonObject = z.custom<JsonObject>((value) => z.record(z.string(), z.unknown()).safeParse(value).success, {
  error: 'Expected a JSON object',
})
/** Any value from JSON.parse. Zod's own JSON schema would drop a key named __proto__. */
const json = z.custom<Json>((value) => value !== undefined, { error: 'Expected a JSON value' })
export const flag = z.exactOptional(z.literal(true))

export const usage: z.ZodType<Usage> = z.strictObject({
  estimated: z.boolean(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  reasoningTokens: z.number(),
  cachedInputTokens: z.number(),
  /** In the currency of the server that the document comes from. Since version 4. */
  cost: z.exactOptional(
    z.strictObject({ amount: z.number(), currency: z.exactOptional(text), estimated: z.boolean() }),
  ),
})

/** What a person may add to a decision about a call. */
export const approvalAnswerFields = { reason: z.exactOptional(text), arguments: z.exactOptional(jsonObject) }

export const toolCall: z.ZodType<ToolCall> = z.strictObject({
  id,
  providerId: text.nullable(),
  name: text,
  argumentsText: text,
  argumentsWhole: z.boolean(),
  state: z.enum([
    'STREAMING',
    'AWAITING_APPROVAL',
    'RUNNING',
    'SUCCEEDED',
    'FAILED',
    'DENIED',
    'CANCELLED',
    'OUTCOME_UNKNOWN',
  ]),
  result: json,
  resultFile: z.exactOptional(hash),
  resultBlobs: z.exactOptional(z.array(hash)),
  error: text.nullable(),
  approvalAnswer: z.exactOptional(z.strictObject(approvalAnswerFields)),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
})

export const providerState = z.exactOptional(
  z.custom<OpaqueProviderState>((value) => z.record(z.string(), z.unknown()).safeParse(value).success, {
    error: 'Expected a JSON object',
  }),
)

export const step = z.exactOptional(z.int().nonnegative())
const partOriginFields = { step, startedAt: z.exactOptional(time), endedAt: z.exactOptional(time) }
const generatedPartFields = { ...partOriginFields, providerState }

export const part: z.ZodType<MessagePart> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text, ...generatedPartFields }),
  z.strictObject({ type: z.literal('reasoning'), text, ...generatedPartFields }),
  z.strictObject({ type: z.literal('tool'), call: toolCall, ...generatedPartFields }),
  z.strictObject({ type: z.literal('file'), mediaType: text, name: text.nullable(), url: text, ...partOriginFields }),
])
