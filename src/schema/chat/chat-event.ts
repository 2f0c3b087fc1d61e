import type { ChatEvent, DeliveredEvent, StreamReset } from '../../model/chat-event.ts'
import type { MessageRecord } from '../../model/message.ts'
import { builder } from '../builder.ts'
import { ResetReasonEnum } from '../enums.ts'
import { ToolCallType } from './message.ts'
import { requireSession } from '../session/session.ts'
import { requireMessage } from './stream.ts'
import { ApprovalType, ClarificationType, MessageType, SessionType, StreamType } from '../object-refs.ts'

export const ChatEventInterface = builder.interfaceRef<DeliveredEvent>('ChatEvent').implement({
  description:
    "One entry of a session's log. seq counts 1, 2, 3, … per session and never restarts; each number is used once. Once deltas are merged a reader sees fewer of them; the text stays whole.",
  resolveType: ({ type }) => type,
  fields: (t) => ({
    seq: t.exposeInt('seq', { description: "Its number in the session's log: the cursor to go on from." }),
    at: t.expose('at', { type: 'DateTime', description: 'When it happened.' }),
    sessionId: t.exposeID('sessionId', { description: 'The session in whose log it stands.' }),
    streamId: t.exposeID('streamId', { nullable: true, description: 'The stream that it is of, if it is of one.' }),
  }),
})

type ChatEventOfType<Type extends ChatEvent['type']> = Extract<ChatEvent, { readonly type: Type }>

const messageIdDescription = "The assistant's message that it adds to."
const partIndexDescription = 'The part of that message, from 0.'
const offsetDescription = 'Where the text belongs in its part, in UTF-16 code units.'
const deltaDescription =
  'The text belongs at offset (in UTF-16 code units) of part partIndex of the message: part = part[0, offset) + text + part[offset + length of text, …). Applying an event twice, or a merged one over its pieces, changes nothing. At most 65,536 code units an event; never half a surrogate pair.'

builder.objectRef<ChatEventOfType<'StreamStarted'>>('StreamStarted').implement({
  description: 'The stream was accepted: its status is QUEUED or RUNNING.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    stream: t.expose('stream', { type: StreamType, description: 'The stream as of this event.' }),
    userMessage: t.field({
      type: MessageType,
      description: 'The message that it answers.',
      resolve: (event, _, context) => requireMessage(event.userMessageId, event.sessionId, context),
    }),
  }),
})

builder.objectRef<ChatEventOfType<'TextDelta'>>('TextDelta').implement({
  description: `More text. ${deltaDescription}`,
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    messageId: t.exposeID('messageId', { description: messageIdDescription }),
    partIndex: t.exposeInt('partIndex', { description: partIndexDescription }),
    offset: t.exposeInt('offset', { description: offsetDescription }),
    text: t.exposeString('text', { description: 'The text.' }),
  }),
})

builder.objectRef<ChatEventOfType<'ReasoningDelta'>>('ReasoningDelta').implement({
  description: `More of what the model thinks. ${deltaDescription}`,
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    messageId: t.exposeID('messageId', { description: messageIdDescription }),
    partIndex: t.exposeInt('partIndex', { description: partIndexDescription }),
    offset: t.exposeInt('offset', { description: offsetDescription }),
    text: t.exposeString('text', { description: 'The text.' }),
  }),
})

builder.objectRef<ChatEventOfType<'ToolCallDelta'>>('ToolCallDelta').implement({
  description: `More of a tool call's arguments; the first one tells which tool. ${deltaDescription}`,
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    messageId: t.exposeID('messageId', { description: messageIdDescription }),
    partIndex: t.exposeInt('partIndex', { description: partIndexDescription }),
    toolCallId: t.exposeID('toolCallId', { description: 'The call.' }),
    toolName: t.exposeString('toolName', { description: 'The tool that is called.' }),
    offset: t.exposeInt('offset', { description: offsetDescription }),
    argumentsText: t.exposeString('argumentsText', { description: 'The text, a piece of JSON.' }),
  }),
})

builder.objectRef<ChatEventOfType<'ToolCallChanged'>>('ToolCallChanged').implement({
  description: 'A tool call has moved on: its arguments are whole, it runs, it was settled.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    messageId: t.exposeID('messageId', { description: messageIdDescription }),
    partIndex: t.exposeInt('partIndex', { description: partIndexDescription }),
    toolCall: t.expose('toolCall', { type: ToolCallType, description: 'The whole call as of this event.' }),
  }),
})

builder.objectRef<ChatEventOfType<'StreamChanged'>>('StreamChanged').implement({
  description: 'Its status changed, short of the end: queued to running, running to waiting and back.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    stream: t.expose('stream', { type: StreamType, description: 'The stream as of this event.' }),
  }),
})

builder.objectRef<ChatEventOfType<'ApprovalChanged'>>('ApprovalChanged').implement({
  description: 'A person is asked to allow a tool call, or that was settled.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    approval: t.expose('decision', { type: ApprovalType, description: 'The approval as of this event.' }),
  }),
})

builder.objectRef<ChatEventOfType<'ClarificationChanged'>>('ClarificationChanged').implement({
  description: 'A person is asked a question, or that was settled.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    clarification: t.expose('decision', {
      type: ClarificationType,
      description: 'The clarification as of this event.',
    }),
  }),
})

builder.objectRef<ChatEventOfType<'SessionChanged'>>('SessionChanged').implement({
  description:
    'Something about the session changed beside its turns, such as its title. The title that a first message gives it comes with that message.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    session: t.field({
      type: SessionType,
      description: 'The session as it is now.',
      resolve: ({ sessionId }, _, context) => requireSession(sessionId, context),
    }),
  }),
})

builder.objectRef<ChatEventOfType<'SessionContinued'>>('SessionContinued').implement({
  description:
    'The context was compacted, between two turns: the session ended with endReason compression and the chat goes on in another. The last event of from.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    from: t.field({
      type: SessionType,
      description: 'The session that ended.',
      resolve: ({ sessionId }, _, context) => requireSession(sessionId, context),
    }),
    to: t.field({
      type: SessionType,
      description: 'The session in which the chat goes on. Its first message is a summary of what was said before.',
      resolve: ({ toId }, _, context) => requireSession(toId, context),
    }),
  }),
})

builder.objectRef<StreamReset>('StreamReset').implement({
  description:
    "The cursor cannot be honoured: the client drops what it has of the stream (of the session, in followSession) and goes on from here. Never stored. seq: where to go on; events with a greater seq follow, a finished stream's StreamFinished always. A cursor between a stream's lastSeq and the session's headSeq is no error: the subscription just completes.",
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    reason: t.expose('reason', { type: ResetReasonEnum, description: 'What is wrong with the cursor.' }),
    message: t.expose('message', {
      type: MessageType,
      nullable: true,
      description:
        "The stream's message (the active stream's) as of seq. In followSession the client also reads session.messages again.",
    }),
  }),
})

builder.objectRef<ChatEventOfType<'StreamFinished'>>('StreamFinished').implement({
  description: 'The one terminal event of a stream, written with its final message in one transaction.',
  interfaces: [ChatEventInterface],
  fields: (t) => ({
    stream: t.expose('stream', { type: StreamType, description: 'The stream as it ended.' }),
    message: t.field({
      type: MessageType,
      nullable: true,
      description: "The assistant's message as it was saved. Null when nothing was produced.",
      resolve: (event, _, context): Promise<MessageRecord> | null =>
        event.messageId === null ? null : requireMessage(event.messageId, event.sessionId, context),
    }),
  }),
})
