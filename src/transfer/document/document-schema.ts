import { z } from 'zod'
import type { ContextCheckpoint } from '../../model/context/context-checkpoint.ts'
import type { ContextSummary } from '../../model/context/context-summary.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { Steering } from '../../model/steering.ts'
import type { SessionRecord } from '../../model/session.ts'
import { decision, event, streamRecord } from './document-event-schema.ts'
import { flag, hash, id, jsonObject, part, text, time, usage } from './document-value-schemas.ts'

/** The value of `format` in every document. */
export const exportDocumentFormat = 'segue-conversation'

/**
 * Raised by every change of a record's schema that an older Segue cannot read. Versions 2 to 4 add optional fields, so that
 * the records of an older version are records of this one. Version 3 adds retries, the originals of copies and
 * titles of conversations; version 4 instructions and efforts, the steps and times of parts and events, the ends of both,
 * and costs.
 */
export const exportDocumentVersion = 4

/** The idempotency key of the request that created the record. A retry finds the record by it. */
const key = z.strictObject({ key: text, fingerprint: text }).nullable()

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
  /** The effort of its answers. Since version 4. */
  effort: z.exactOptional(text),
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

/** Of a message that is PENDING, nothing is exported: the session is busy then. */
const steering = z.strictObject({
  state: z.enum(['APPLIED', 'QUEUED', 'WITHDRAWN']),
  streamId: id,
  acceptedSeq: z.int().nonnegative(),
  step: z.exactOptional(z.int().nonnegative()),
  partIndex: z.exactOptional(z.int().nonnegative()),
  withdrawnWithStream: flag,
}) satisfies z.ZodType<Steering>

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
  /** How it joined an answer that was running. */
  steering: z.exactOptional(steering),
  /** The first message that it is a copy of. */
  copyOf: z.exactOptional(id),
  /** The user's message of the first try of its turn. */
  turnId: z.exactOptional(id),
})

/** In a document every stream is finished. Events hold streams as they were at that moment. */
const stream = streamRecord.extend({
  status: z.enum(['COMPLETED', 'CANCELLED', 'FAILED', 'INTERRUPTED']),
  finishedAt: time,
  key,
})

/** What is allowed in a session without asking. Older documents have the tool alone. */
const approvalRule = z.strictObject({
  sessionId: id,
  tool: text,
  id: z.exactOptional(id),
  pattern: z.exactOptional(jsonObject.nullable()),
  since: z.exactOptional(time),
  approvalId: z.exactOptional(id.nullable()),
})

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
  sectionRecord('grants', approvalRule),
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
