import { digestOf } from '../../chat/log/message-digest.ts'
import { parsedArguments } from '../../model/tool-call.ts'
import type { MessagePart, ToolCall } from '../../model/records.ts'
import { builder } from '../builder.ts'
import { MessageStatusEnum, RoleEnum, ToolCallStateEnum } from '../enums.ts'
import { fileUrl, keptUrl } from './file-url.ts'
import { sessionOf } from '../session/session.ts'
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
      resolve: parsedArguments,
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
      resolve: ({ resultFile }) => (resultFile === undefined ? null : keptUrl(resultFile)),
    }),
    error: t.exposeString('error', { nullable: true, description: 'What went wrong, in one sentence.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', nullable: true, description: 'When the tool began to work.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it was settled.' }),
  }),
})

/** A part with what it needs to be shown by itself: its place, and the message that it is of. */
type Placed<Part extends MessagePart> = Part & { readonly index: number; readonly messageId: string }
type PlacedPart = { [Type in MessagePart['type']]: Placed<Extract<MessagePart, { type: Type }>> }

const index = 'Its place among the parts, from 0.'

const TextPartType = builder.objectRef<PlacedPart['text']>('TextPart').implement({
  description: 'A stretch of text.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: index }),
    text: t.exposeString('text', { description: 'The text.' }),
  }),
})

const ReasoningPartType = builder.objectRef<PlacedPart['reasoning']>('ReasoningPart').implement({
  description: 'A stretch of what the model thought before it spoke.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: index }),
    text: t.exposeString('text', { description: 'The text.' }),
  }),
})

const ToolCallPartType = builder.objectRef<PlacedPart['tool']>('ToolCallPart').implement({
  description: 'A tool call.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: index }),
    toolCall: t.field({ type: ToolCallType, description: 'The call.', resolve: ({ call }) => call }),
  }),
})

const FilePartType = builder.objectRef<PlacedPart['file']>('FilePart').implement({
  description: 'A file that came with the message.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: index }),
    mediaType: t.exposeString('mediaType', { description: 'As in image/png; image/* where only that much is known.' }),
    name: t.exposeString('name', { nullable: true, description: "The file's name, if it has one." }),
    url: t.string({
      description: 'Where it was given as https, that; otherwise a path of this server.',
      resolve: (part) => fileUrl(part),
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
      resolve: ({ sessionId }, _, context) => sessionOf(sessionId, context),
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
      resolve: ({ parts }) => textOf(parts, 'text') ?? '',
    }),
    reasoning: t.string({
      nullable: true,
      description: 'The reasoning parts, likewise. Null when there are none.',
      resolve: ({ parts }) => textOf(parts, 'reasoning'),
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
      resolve: async ({ streamId, sessionId }, _, { scopes }) =>
        streamId === null ? null : (await scopes.ofSession(sessionId)).chats.stream(streamId),
    }),
    model: t.exposeString('model', { nullable: true, description: 'The model that made it.' }),
    usage: t.expose('usage', { type: UsageType, nullable: true, description: 'What it cost. Null until it is whole.' }),
    digest: t.string({
      description:
        'sha256, in hex, of the RFC 8785 form of the array of its parts in order, which any client can compute from the events: {type:"text",text}, {type:"reasoning",text}, {type:"tool",id,name,argumentsText,state,result,error}, {type:"file",mediaType,name,url}; fields that are null are left out.',
      resolve: ({ id, parts }) =>
        digestOf(parts.map((part) => (part.type === 'file' ? shownFile(part, id, parts) : part))),
    }),
  }),
})

/** A file as clients see it: what they compute the digest from. */
function shownFile(part: Extract<MessagePart, { type: 'file' }>, messageId: string, parts: readonly MessagePart[]) {
  return { ...part, url: fileUrl({ ...part, messageId, index: parts.indexOf(part) }) }
}

function textOf(parts: readonly MessagePart[], type: 'text' | 'reasoning'): string | null {
  const texts = parts.flatMap((part) => (part.type === type ? [part.text] : []))
  return texts.length > 0 ? texts.join('') : null
}
