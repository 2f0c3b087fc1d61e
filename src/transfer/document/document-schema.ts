import { z } from 'zod'
import type { ChatEvent } from '../../model/chat-event.ts'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { ContextSummary } from '../../model/context/context-summary.ts'
import type { DecisionRecord, ToolGrant } from '../../model/decision.ts'
import type { Json, JsonObject } from '../../lib/text/json.ts'
import type { MessagePart, MessageRecord, OpaqueProviderState, ToolCall } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import { finishReasons, type StreamRecord } from '../../model/stream.ts'
import type { Usage } from '../../model/usage.ts'

/** The value of `format` in every document. */
export const exportDocumentFormat = 'segue-conversation'

/**
 * Raised by every change of a record's schema that an older Segue cannot read. Versions 2 to 4 add optional fields, so that
 * the records of an older version are records of this one. Version 3 adds retries, the originals of copies and
 * titles of conversations, version 4 instructions.
 */
export const exportDocumentVersion = 4

const id = z.string().min(1)
const time = z.int() // milliseconds since the epoch, UTC
const text = z.string()
const hash = z.string().regex(/^[0-9a-f]{64}$/, { error: 'Expected a SHA-256 hash in hex' })
/** An object from JSON.parse, with whatever keys. */
const jsonObject = z.custom<JsonObject>((value) => z.record(z.string(), z.unknown()).safeParse(value).success, {
  error: 'Expected a JSON object',
})
/** Any value from JSON.parse. Zod's own JSON schema would drop a key named __proto__. */
const json = z.custom<Json>((value) => value !== undefined, { error: 'Expected a JSON value' })
const flag = z.exactOptional(z.literal(true))

const usage: z.ZodType<Usage> = z.strictObject({
  estimated: z.boolean(),
  inputTokens: z.number(),
  outputTokens: z.number(),
  reasoningTokens: z.number(),
  cachedInputTokens: z.number(),
})

/** The idempotency key of the request that created the record. A retry finds the record by it. */
const key = z.strictObject({ key: text, fingerprint: text }).nullable()

/** What a person may add to a decision about a call. */
const approvalAnswerFields = { reason: z.exactOptional(text), arguments: z.exactOptional(jsonObject) }

const toolCall: z.ZodType<ToolCall> = z.strictObject({
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

const providerState = z.exactOptional(
  z.custom<OpaqueProviderState>((value) => z.record(z.string(), z.unknown()).safeParse(value).success, {
    error: 'Expected a JSON object',
  }),
)

const part: z.ZodType<MessagePart> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text, providerState }),
  z.strictObject({ type: z.literal('reasoning'), text, providerState }),
  z.strictObject({ type: z.literal('tool'), call: toolCall, providerState }),
  z.strictObject({ type: z.literal('file'), mediaType: text, name: text.nullable(), url: text }),
])

const summaryContextFields = {
  quotes: z.array(z.strictObject({ messageId: id, text })),
  throughMessageId: id.nullable(),
}
const contextSummary: z.ZodType<ContextSummary> = z.strictObject({ text, ...summaryContextFields })

const checkpoint = z.strictObject({
  summary: contextSummary,
  model: text,
  usage,
  createdAt: time,
}) satisfies z.ZodType<Omit<ContextCheckpoint, 'sessionId'>>

/** A Segue session without the fields that depend on where it is stored. Only retries have the fields of a retry. */
type PortableSession = Omit<SessionRecord, 'origin' | 'profile' | 'notContinuationOf' | 'isSubagent' | RetryField> & {
  readonly [Field in RetryField]?: string
}
type RetryField = 'retryOf' | 'takesPlaceOf'

const session = z.strictObject({
  id,
  title: text.nullable(),
  titleSource: z.enum(['MESSAGE', 'MODEL', 'PERSON']).nullable(),
  source: text,
  model: text.nullable(),
  /** Its own instructions for the model; left out if it has none. Since version 4. */
  instructions: z.exactOptional(text),
  startedAt: time,
  endedAt: time.nullable(),
  endReason: text.nullable(),
  lastActivityAt: time,
  pinned: z.boolean(),
  archived: z.boolean(),
  /** The title that a person gave the conversation, the same in all sessions; null for that of the root. Since version 3. */
  conversationTitle: z.exactOptional(text.nullable()),
  parentId: id.nullable(),
  forkedFrom: id.nullable(),
  /** Of a retry: the user's message whose turn it tries again. */
  retryOf: z.exactOptional(id),
  /** Of a retry: the session whose place it takes, unless it has the place itself. */
  takesPlaceOf: z.exactOptional(id),
  headSeq: z.int().nonnegative(),
  usage,
  key,
  /** The hashes of the blobs that the session refers to. */
  files: z.array(hash),
  /** The summary that stands for its earlier messages in requests to a model. */
  checkpoint: z.exactOptional(checkpoint),
}) satisfies z.ZodType<PortableSession>

const message: z.ZodType<MessageRecord> = z.strictObject({
  id,
  sessionId: id,
  position: z.int().nullable(),
  withdrawn: z.boolean(),
  role: z.enum(['USER', 'ASSISTANT', 'SYSTEM']),
  /** A copy of a summary by Hermes. `summary` marks Segue's own. */
  kind: z.exactOptional(z.literal('SUMMARY')),
  summary: flag,
  /** What the summary holds beyond its text. */
  summaryContext: z.exactOptional(z.strictObject(summaryContextFields)),
  status: z.enum(['COMPLETE', 'PARTIAL']),
  parts: z.array(part),
  inLog: flag,
  createdAt: time,
  streamId: id.nullable(),
  model: text.nullable(),
  usage: usage.nullable(),
  /** The first message that it is a copy of. */
  copyOf: z.exactOptional(id),
  /** The user's message of the first try of its turn. */
  turnId: z.exactOptional(id),
})

const streamRecord = z.strictObject({
  id,
  sessionId: id,
  status: z.enum(['QUEUED', 'RUNNING', 'WAITING', 'COMPLETED', 'CANCELLED', 'FAILED', 'INTERRUPTED']),
  generation: z.int(),
  model: text,
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
        'SERVER_RESTART',
      ]),
      message: text,
      retryAt: z.exactOptional(time),
    })
    .nullable(),
}) satisfies z.ZodType<StreamRecord>

/** In a document every stream is finished. Events hold streams as they were at that moment. */
const stream = streamRecord.extend({
  status: z.enum(['COMPLETED', 'CANCELLED', 'FAILED', 'INTERRUPTED']),
  finishedAt: time,
  key,
})

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
const decision: z.ZodType<DecisionRecord> = z.discriminatedUnion('kind', [approval, clarification])

const eventFields = { seq: z.int().positive(), at: time, sessionId: id, streamId: id.nullable() }
const partEventFields = { ...eventFields, messageId: id, partIndex: z.int().nonnegative(), providerState }
const offset = z.int().nonnegative()
const event: z.ZodType<ChatEvent> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('StreamStarted'), ...eventFields, stream: streamRecord, userMessageId: id }),
  z.strictObject({ type: z.literal('TextDelta'), ...partEventFields, offset, text }),
  z.strictObject({ type: z.literal('ReasoningDelta'), ...partEventFields, offset, text }),
  z.strictObject({
    type: z.literal('ToolCallDelta'),
    ...partEventFields,
    toolCallId: id,
    toolName: text,
    offset,
    argumentsText: text,
  }),
  z.strictObject({ type: z.literal('ToolCallChanged'), ...partEventFields, toolCall }),
  z.strictObject({
    type: z.literal('FilePartAdded'),
    ...partEventFields,
    mediaType: text,
    name: text.nullable(),
    url: text,
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

/** A tool that runs without approval in a session. */
const grant = z.strictObject({ sessionId: id, tool: text }) satisfies z.ZodType<ToolGrant>

/** A blob in base64. The content is null if the blob was missing or damaged during the export. */
const file = z.strictObject({ hash, content: text.nullable() })

const sectionRecord = <const Name extends string, Schema extends z.ZodType>(name: Name, record: Schema) =>
  z.strictObject({ section: z.literal(name), record })

/** A record and the section of the document that holds it. */
export const sectionedExportRecordSchema = z.discriminatedUnion('section', [
  sectionRecord('sessions', session),
  sectionRecord('streams', stream),
  sectionRecord('messages', message),
  sectionRecord('events', event),
  sectionRecord('decisions', decision),
  sectionRecord('grants', grant),
  sectionRecord('files', file),
])

export type SectionedExportRecord = z.output<typeof sectionedExportRecordSchema>
export type ExportSectionName = SectionedExportRecord['section']
export type ExportSectionRecord<Name extends ExportSectionName> = Extract<
  SectionedExportRecord,
  { readonly section: Name }
>['record']

/** In document order. Most records come after those that they refer to. */
export const exportSectionNames: readonly ExportSectionName[] = sectionedExportRecordSchema.options.map(
  ({ shape }) => shape.section.value,
)
