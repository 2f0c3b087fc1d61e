import { z } from 'zod'
import type { ChatEvent } from '../../model/chat-event.ts'
import type { DecisionRecord } from '../../model/decision.ts'
import { finishReasons, type StreamRecord } from '../../model/stream.ts'
import {
  approvalAnswerFields,
  flag,
  id,
  jsonObject,
  providerState,
  step,
  text,
  time,
  toolCall,
  usage,
} from './document-value-schemas.ts'

export const streamRecord = z.strictObject({
  id,
  sessionId: id,
  status: z.enum(['QUEUED', 'RUNNING', 'WAITING', 'COMPLETED', 'CANCELLED', 'FAILED', 'INTERRUPTED']),
  generation: z.int(),
  model: text,
  effort: z.exactOptional(text),
  userMessageId: id,
  messageId: id.nullable(),
  usage,
  step: z.strictObject({ inputTokens: z.number(), producedBefore: z.number() }).nullable(),
  startedAt: time,
  finishedAt: time.nullable(),
  finishReason: z.exactOptional(z.enum(finishReasons)),
  retryAt: z.exactOptional(time),
  firstSeq: z.int(),
  lastSeq: z.int(),
  error: z
    .strictObject({
      code: z.enum([
        'QUOTA',
        'RATE_LIMIT',
        'AUTH',
        'MODEL_NOT_FOUND',
        'CONTEXT_LENGTH',
        'NO_RESPONSE',
        'TIMEOUT',
        'PROVIDER',
        'STORAGE',
        'SERVER_RESTART',
      ]),
      message: text,
      retryAt: z.exactOptional(time),
    })
    .nullable(),
}) satisfies z.ZodType<StreamRecord>

const decisionFields = {
  id,
  sessionId: id,
  streamId: id,
  messageId: id,
  partIndex: z.int().nonnegative(),
  toolCall,
  state: z.enum(['PENDING', 'ANSWERED', 'EXPIRED', 'CANCELLED']),
  requestedAt: time,
  expiresAt: time.nullable(),
  resolvedAt: time.nullable(),
}
const decisionValue = z.enum(['ONCE', 'SESSION', 'ALWAYS', 'DENY'])
const approval = z.strictObject({
  ...decisionFields,
  kind: z.literal('approval'),
  description: text,
  choices: z.array(decisionValue),
  decision: decisionValue.nullable(),
  ...approvalAnswerFields,
  pattern: z.exactOptional(jsonObject),
  releasedBy: z.exactOptional(id),
})
const clarification = z.strictObject({
  ...decisionFields,
  kind: z.literal('clarification'),
  question: text,
  choices: z.array(text),
  form: z.exactOptional(jsonObject),
  duringCall: flag,
  answer: text.nullable(),
  declined: flag,
})
export const decision: z.ZodType<DecisionRecord> = z.discriminatedUnion('kind', [approval, clarification])

const eventFields = { seq: z.int().positive(), at: time, sessionId: id, streamId: id.nullable() }
const partEventFields = { ...eventFields, messageId: id, partIndex: z.int().nonnegative() }
const partContentEventFields = { ...partEventFields, providerState }
const deltaFields = { step, startedAt: z.exactOptional(time), offset: z.int().nonnegative() }
export const event: z.ZodType<ChatEvent> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('StreamStarted'), ...eventFields, stream: streamRecord, userMessageId: id }),
  z.strictObject({ type: z.literal('TextDelta'), ...partContentEventFields, ...deltaFields, text }),
  z.strictObject({ type: z.literal('ReasoningDelta'), ...partContentEventFields, ...deltaFields, text }),
  z.strictObject({
    type: z.literal('ToolCallDelta'),
    ...partContentEventFields,
    toolCallId: id,
    toolName: text,
    ...deltaFields,
    argumentsText: text,
  }),
  z.strictObject({ type: z.literal('ToolCallChanged'), ...partContentEventFields, toolCall }),
  z.strictObject({
    type: z.literal('FilePartAdded'),
    ...partContentEventFields,
    step,
    mediaType: text,
    name: text.nullable(),
    url: text,
  }),
  z.strictObject({ type: z.literal('PartFinished'), ...partEventFields }),
  z.strictObject({
    type: z.literal('StepFinished'),
    ...eventFields,
    step: z.int().nonnegative(),
    finishReason: z.enum(finishReasons),
    usage,
  }),
  z.strictObject({
    type: z.literal('MessageSteered'),
    ...eventFields,
    userMessageId: id,
    steeringState: z.enum(['PENDING', 'APPLIED', 'QUEUED', 'WITHDRAWN']),
  }),
  z.strictObject({ type: z.literal('StreamChanged'), ...eventFields, stream: streamRecord }),
  z.strictObject({ type: z.literal('QueueChanged'), ...eventFields, streamIds: z.array(id) }),
  z.strictObject({ type: z.literal('ApprovalChanged'), ...eventFields, decision: approval }),
  z.strictObject({ type: z.literal('ClarificationChanged'), ...eventFields, decision: clarification }),
  z.strictObject({
    type: z.literal('StreamFinished'),
    ...eventFields,
    stream: streamRecord,
    messageId: id.nullable(),
  }),
  z.strictObject({ type: z.literal('SessionChanged'), ...eventFields }),
  z.strictObject({ type: z.literal('SessionContinued'), ...eventFields, toId: id }),
])
