import { sha256Hex } from '../../lib/sha256.ts'
import { computeMessageDigest } from '../../model/message-digest.ts'
import { parseArguments } from '../../model/tool-call.ts'
import type { MessagePart, ToolCall } from '../../model/message.ts'
import { builder } from '../builder.ts'
import { MessageStatusEnum, RoleEnum, ToolCallStateEnum } from '../enums.ts'
import { toAttachmentUrl, toToolResultUrl } from './file-url.ts'
import { requireSession } from '../session/session.ts'
import { UsageType } from '../session/usage.ts'
import { MessageType, SessionType, StreamType } from '../object-refs.ts'

export const ToolCallType = builder.objectRef<ToolCall>('ToolCall').implement({
  description: 'One use of a tool by the model.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Made here, unique.' }),
    providerId: t.exposeString('providerId', {
      nullable: true,
      description: 'What the model called it, once the call is whole. Not unique.',
    }),
    name: t.exposeString('name', { description: "The tool's name, as the model wrote it." }),
    argumentsText: t.exposeString('argumentsText', {
      description: 'The arguments as received so far: a prefix of JSON while state is STREAMING.',
    }),
    arguments: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The arguments as a value. Null until they are whole, and when they are no JSON.',
      resolve: parseArguments,
    }),
    state: t.expose('state', { type: ToolCallStateEnum, description: 'How far it has come.' }),
    result: t.expose('result', {
      type: 'JSON',
      nullable: true,
      description: 'What the tool returned; of a very long result its beginning, with a note, as the model is told it.',
    }),
    resultUrl: t.string({
      nullable: true,
      description: 'Where a very long result can be read whole: a path of this server. Null for any other.',
      resolve: ({ resultFile }) => (resultFile === undefined ? null : toToolResultUrl(resultFile)),
    }),
    error: t.exposeString('error', { nullable: true, description: 'What went wrong, in one sentence.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When the tool began to work.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it was settled.' }),
  }),
})

/** A part with what it needs to be shown by itself: its place, and the message that it is of. */
type IndexedPart<Part extends MessagePart> = Part & { readonly index: number; readonly messageId: string }
type IndexedPartByType = { [Type in MessagePart['type']]: IndexedPart<Extract<MessagePart, { type: Type }>> }

const indexDescription = 'Its place among the parts, from 0.'

const TextPartType = builder.objectRef<IndexedPartByType['text']>('TextPart').implement({
  description: 'A stretch of text.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: indexDescription }),
    text: t.exposeString('text', { description: 'The text.' }),
  }),
})

const ReasoningPartType = builder.objectRef<IndexedPartByType['reasoning']>('ReasoningPart').implement({
  description: 'A stretch of what the model thought before it spoke.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: indexDescription }),
    text: t.exposeString('text', { description: 'The text.' }),
  }),
})

const ToolCallPartType = builder.objectRef<IndexedPartByType['tool']>('ToolCallPart').implement({
  description: 'A tool call.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: indexDescription }),
    toolCall: t.field({ type: ToolCallType, description: 'The call.', resolve: ({ call }) => call }),
  }),
})

const FilePartType = builder.objectRef<IndexedPartByType['file']>('FilePart').implement({
  description: 'A file that came with the message.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: indexDescription }),
    mediaType: t.exposeString('mediaType', { description: 'As in image/png; image/* where only that much is known.' }),
    name: t.exposeString('name', { nullable: true, description: "The file's name, if it has one." }),
    url: t.string({
      description: 'Where it was given as https, that; otherwise a path of this server.',
      resolve: (part) => toAttachmentUrl(part),
    }),
  }),
})

const MessagePartType = builder.unionType('MessagePart', {
  description: 'One part of a message.',
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

MessageType.implement({
  description: 'What one side said in one turn.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'msg_… for a message kept here; <session id>:<row id> for one of Hermes.' }),
    session: t.field({
      type: SessionType,
      description: 'The session that it is of.',
      resolve: ({ sessionId }, _, context) => requireSession(sessionId, context),
    }),
    role: t.expose('role', { type: RoleEnum, description: 'Who speaks.' }),
    status: t.expose('status', { type: MessageStatusEnum, description: 'How far it has come.' }),
    parts: t.field({
      type: [MessagePartType],
      description: 'Its parts in the order in which they came.',
      resolve: ({ id, parts }) => parts.map((part, place) => ({ ...part, index: place, messageId: id })),
    }),
    text: t.string({
      description: 'The text parts, one after the other with nothing between.',
      resolve: ({ parts }) => joinText(parts, 'text') ?? '',
    }),
    reasoning: t.string({
      nullable: true,
      description: 'The reasoning parts, likewise. Null when there are none.',
      resolve: ({ parts }) => joinText(parts, 'reasoning'),
    }),
    toolCalls: t.field({
      type: [ToolCallType],
      description: 'Its tool calls in the order in which they came.',
      resolve: ({ parts }) => parts.flatMap((part) => (part.type === 'tool' ? [part.call] : [])),
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When it was sent, or when its first part came.',
    }),
    stream: t.field({
      type: StreamType,
      nullable: true,
      description: "The stream that it started (a user's message) or that made it.",
      resolve: async ({ streamId, sessionId }, _, { profiles: scopes }) =>
        streamId === null ? null : (await scopes.requireProfileOfSession(sessionId)).chatLoader.loadStream(streamId),
    }),
    model: t.exposeString('model', { nullable: true, description: 'The model that made it.' }),
    usage: t.expose('usage', { type: UsageType, nullable: true, description: 'What it cost. Null until it is whole.' }),
    digest: t.string({
      description:
        'sha256, in hex, of the RFC 8785 form of the array of its parts in order, which any client can compute from the events: {type:"text",text}, {type:"reasoning",text}, {type:"tool",id,name,argumentsText,state,result,error}, {type:"file",mediaType,name,url}; fields that are null are left out.',
      resolve: ({ id, parts }) =>
        computeMessageDigest(
          parts.map((part, index) => (part.type === 'file' ? withPublicUrl(part, id, index) : part)),
          sha256Hex,
        ),
    }),
  }),
})

/** A file as clients see it: what they compute the digest from. */
function withPublicUrl(part: Extract<MessagePart, { type: 'file' }>, messageId: string, index: number) {
  return { ...part, url: toAttachmentUrl({ ...part, messageId, index }) }
}

function joinText(parts: readonly MessagePart[], type: 'text' | 'reasoning'): string | null {
  const texts = parts.flatMap((part) => (part.type === type ? [part.text] : []))
  return texts.length > 0 ? texts.join('') : null
}
