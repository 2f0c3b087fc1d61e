import { toFilePartUrl } from '../../model/message-content/blob-url.ts'
import { listPartSteps } from '../../model/fold/list-part-steps.ts'
import type { MessagePart, MessageRecord } from '../../model/message.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ToolCallType } from './tool-call.ts'

/** A part with its position and its message, which the URL of a file contains. */
type IndexedPart<Part extends MessagePart> = Part & {
  readonly index: number
  readonly step: number
  readonly messageId: string
  readonly sessionId: string
}
type IndexedPartByType = { [Type in MessagePart['type']]: IndexedPart<Extract<MessagePart, { type: Type }>> }

/** Descriptions of fields that a part and its deltas share. */
export const partOriginDescriptions = {
  step: 'The request to the model that made the part, counted from 0 in its answer. Of messages of Hermes, and from before steps were recorded, steps are counted by their tool calls.',
  startedAt:
    'When the first of the part came. Null where it was not recorded: for messages of the user and of Hermes, and from before it was recorded.',
} as const

export const MessagePartInterface = schemaBuilder.interfaceRef<IndexedPart<MessagePart>>('MessagePart').implement({
  description: 'A part of a message. Clients should ignore types of parts that they do not know.',
  resolveType: ({ type }) => partTypeNames[type],
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'The position of the part in `Message.parts`, starting at 0.' }),
    step: t.exposeInt('step', { description: partOriginDescriptions.step }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: partOriginDescriptions.startedAt,
      resolve: ({ startedAt }) => startedAt ?? null,
    }),
    endedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description:
        'When the part was complete. For text and reasoning: when the model went on to something else; for a tool call: when it reached its final state. Null while it grows, and where it was not recorded.',
      resolve: ({ endedAt }) => endedAt ?? null,
    }),
  }),
})

const partTypeNames = { text: 'TextPart', reasoning: 'ReasoningPart', tool: 'ToolCallPart', file: 'FilePart' } as const

schemaBuilder.objectRef<IndexedPartByType['text']>('TextPart').implement({
  description: 'A part of a message that is text.',
  interfaces: [MessagePartInterface],
  fields: (t) => ({ text: t.exposeString('text', { description: 'The text.' }) }),
})

schemaBuilder.objectRef<IndexedPartByType['reasoning']>('ReasoningPart').implement({
  description: 'A part of a message that is reasoning: what the model wrote before its answer.',
  interfaces: [MessagePartInterface],
  fields: (t) => ({ text: t.exposeString('text', { description: 'The text of the reasoning.' }) }),
})

schemaBuilder.objectRef<IndexedPartByType['tool']>('ToolCallPart').implement({
  description: 'A part of a message that is a tool call.',
  interfaces: [MessagePartInterface],
  fields: (t) => ({
    toolCall: t.field({
      type: ToolCallType,
      description: 'The tool call.',
      resolve: ({ call, sessionId }) => ({ ...call, sessionId }),
    }),
  }),
})

/** Descriptions of fields that a part and its event share. */
export const filePartFieldDescriptions = {
  mediaType: 'The media type, such as `image/png`. The subtype is `*` if it is not known.',
  name: 'The name of the file. Null if it has none.',
} as const

schemaBuilder.objectRef<IndexedPartByType['file']>('FilePart').implement({
  description: 'A part of a message that is a file: one that the user attached, or one that the model made.',
  interfaces: [MessagePartInterface],
  fields: (t) => ({
    mediaType: t.exposeString('mediaType', { description: filePartFieldDescriptions.mediaType }),
    name: t.exposeString('name', { nullable: true, description: filePartFieldDescriptions.name }),
    url: t.string({
      description:
        'The https URL that the file was sent with, or a path on this server where it can be read. It never changes.',
      resolve: toFilePartUrl,
    }),
  }),
})

/** The parts of a message as its fields return them. */
export function toIndexedParts({ id, sessionId, parts }: MessageRecord): IndexedPart<MessagePart>[] {
  const steps = listPartSteps(parts)
  return parts.map((part, index) => ({ ...part, index, step: steps[index] ?? 0, messageId: id, sessionId }))
}
