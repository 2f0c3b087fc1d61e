import { toFilePartUrl } from '../../model/blob-url.ts'
import type { MessagePart } from '../../model/message.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ToolCallType } from './tool-call.ts'

/** A part with its position and its message, which the URL of a file contains. */
type IndexedPart<Part extends MessagePart> = Part & { readonly index: number; readonly messageId: string }
type IndexedPartByType = { [Type in MessagePart['type']]: IndexedPart<Extract<MessagePart, { type: Type }>> }

const TextPartType = schemaBuilder.objectRef<IndexedPartByType['text']>('TextPart').implement({
  description: 'A part of a message that is text.',
  fields: (t) => ({ text: t.exposeString('text', { description: 'The text.' }) }),
})

const ReasoningPartType = schemaBuilder.objectRef<IndexedPartByType['reasoning']>('ReasoningPart').implement({
  description: 'A part of a message that is reasoning: what the model wrote before its answer.',
  fields: (t) => ({ text: t.exposeString('text', { description: 'The text of the reasoning.' }) }),
})

const ToolCallPartType = schemaBuilder.objectRef<IndexedPartByType['tool']>('ToolCallPart').implement({
  description: 'A part of a message that is a tool call.',
  fields: (t) => ({
    toolCall: t.field({ type: ToolCallType, description: 'The tool call.', resolve: ({ call }) => call }),
  }),
})

/** Descriptions of fields that a part and its event share. */
export const filePartFieldDescriptions = {
  mediaType: 'The media type, such as `image/png`. The subtype is `*` if it is not known.',
  name: 'The name of the file. Null if it has none.',
} as const

const FilePartType = schemaBuilder.objectRef<IndexedPartByType['file']>('FilePart').implement({
  description: 'A part of a message that is a file: one that the user attached, or one that the model made.',
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

for (const type of [TextPartType, ReasoningPartType, ToolCallPartType, FilePartType]) {
  schemaBuilder.objectField(type, 'index', (t) =>
    t.int({
      description: 'The position of the part in `Message.parts`, starting at 0.',
      resolve: ({ index }) => index,
    }),
  )
}

export const MessagePartType = schemaBuilder.unionType('MessagePart', {
  description: 'A part of a message. Clients should ignore types of parts that they do not know.',
  types: [TextPartType, ReasoningPartType, ToolCallPartType, FilePartType],
  resolveType: ({ type }) => {
    switch (type) {
      case 'text':
        return TextPartType
      case 'reasoning':
        return ReasoningPartType
      case 'tool':
        return ToolCallPartType
      case 'file':
        return FilePartType
    }
  },
})
