import { toFilePartUrl } from '../../model/message-content/blob-url.ts'
import { sha256Hex } from '../../lib/text/sha256.ts'
import type { MessagePart } from '../../model/message.ts'
import { turnScheduler } from '../../lib/event-loop/turn-scheduler.ts'
import { computeMessageDigest } from '../../model/fold/message-digest.ts'
import { toMessageKind } from '../../model/conversation/message-kind.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { MessageObjectType, SessionObjectType, StreamObjectType } from '../object-refs.ts'
import { UsageType } from '../usage.ts'
import { MessageKindEnum, MessageStatusEnum, RoleEnum } from './chat-enums.ts'
import { MessagePartInterface, toIndexedParts } from './message-part.ts'
import { ToolCallType } from './tool-call.ts'

/** The digest of a longer text is computed in a turn of the event loop of its own. In UTF-16 code units. */
const maxDigestedAtOnce = 65_536

MessageObjectType.implement({
  description: 'A message of the user or the agent. An assistant message holds everything that one stream produced.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'The id of the message: `msg_…` in a Segue session, `<session id>:<row id>` in a Hermes session.',
    }),
    session: t.field({
      type: SessionObjectType,
      description: 'The session of the message.',
      resolve: ({ sessionId }, _, { profiles }) => profiles.requireSession(sessionId),
    }),
    role: t.expose('role', { type: RoleEnum, description: 'The author of the message.' }),
    kind: t.field({
      type: MessageKindEnum,
      description:
        'SUMMARY if the message stands for earlier ones in what the model is sent. The messages that it stands for are still shown before it.',
      resolve: toMessageKind,
    }),
    status: t.field({
      type: MessageStatusEnum,
      description: 'The progress of the message.',
      // Without a stream, it comes from Hermes, which had left it out of the context by itself.
      resolve: ({ status, withdrawn, streamId }) => (withdrawn && streamId !== null ? 'WITHDRAWN' : status),
    }),
    key: t.string({
      nullable: true,
      description:
        'The idempotency key that the user message was sent with, in whatever way it was given: how a client finds what it has sent. Null if there was none, and for other messages.',
      resolve: async ({ id, role, streamId, steering, sessionId }, _, { profiles }) => {
        if (role !== 'USER' || streamId === null) return null
        const { idempotencyKeyLoader } = await profiles.requireProfileOfSession(sessionId)
        // A message that joined a stream is what its call has created.
        return (await idempotencyKeyLoader.loadByCreatedId(steering ? id : streamId))?.key ?? null
      },
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'The time at which the message was sent, or at which its first part was produced.',
    }),
    stream: t.field({
      type: StreamObjectType,
      nullable: true,
      description:
        'The stream that answers the user message, or that produced the assistant message. Null if none did.',
      resolve: async ({ streamId, sessionId }, _, { profiles }) =>
        streamId === null ? null : (await profiles.requireProfileOfSession(sessionId)).chatLoader.loadStream(streamId),
    }),
    model: t.exposeString('model', {
      nullable: true,
      description: 'The model that produced the message. Null for user messages.',
    }),
    usage: t.expose('usage', {
      type: UsageType,
      nullable: true,
      description: 'The tokens used to produce the message. Null until it is complete, and for user messages.',
    }),
  }),
})

schemaBuilder.objectFields(MessageObjectType, (t) => ({
  copyOf: t.field({
    type: MessageObjectType,
    nullable: true,
    description:
      'Of a copy in a fork or a retry: the first message that it is a copy of. Null for an original, and if that message was deleted. Copies are not found by search and do not count in usage.',
    resolve: async ({ copyOf, sessionId }, _, { profiles }) =>
      copyOf === undefined ? null : (await profiles.requireProfileOfSession(sessionId)).chatLoader.loadMessage(copyOf),
  }),
  alternatives: t.field({
    type: [MessageObjectType],
    description:
      'This message and what stands in its place in other tries of its turn, oldest first: at most the newest 100. A branch picker (2 of 3) shows it. A message and its copies count once, as the one in this session; the set is the same from each of them. A try without an answer appears among the alternatives of its user message only.',
    resolve: async (message, _, { profiles }) =>
      (await profiles.requireProfileOfSession(message.sessionId)).chatLoader.loadAlternatives(message),
  }),
  parts: t.field({
    type: [MessagePartInterface],
    description: 'The parts of the message in the order in which they were produced.',
    resolve: toIndexedParts,
  }),
  text: t.string({
    description: 'The text parts, concatenated.',
    resolve: ({ parts }) => joinText(parts, 'text') ?? '',
  }),
  reasoning: t.string({
    nullable: true,
    description: 'The reasoning parts, concatenated. Null if there are none.',
    resolve: ({ parts }) => joinText(parts, 'reasoning'),
  }),
  toolCalls: t.field({
    type: [ToolCallType],
    description: 'The tool calls in the order in which they were produced.',
    resolve: ({ parts, sessionId }) =>
      parts.flatMap((part) => (part.type === 'tool' ? [{ ...part.call, sessionId }] : [])),
  }),
  digest: t.string({
    description: [
      'The SHA-256 hash, in hexadecimal, of the parts in order as a JSON array in RFC 8785 form. A client can compute it from the events, to verify that it has received everything.',
      'The elements are `{type:"text",text}`, `{type:"reasoning",text}`, `{type:"tool",id,name,argumentsText,state,result,error}` and `{type:"file",mediaType,name,url}`. Fields that are null are left out.',
    ].join('\n\n'),
    resolve: async ({ id, parts }) => {
      // Milliseconds for a message of a megabyte, of which a page can have hundreds.
      if (isLong(parts) && turnScheduler.mustWait()) await turnScheduler.wait()
      const publicParts = parts.map((part, index) => (part.type === 'file' ? withPublicUrl(part, id, index) : part))
      return computeMessageDigest(publicParts, sha256Hex)
    },
  }),
}))

function isLong(parts: readonly MessagePart[]): boolean {
  return parts.some((part) => 'text' in part && part.text.length > maxDigestedAtOnce)
}

/** A file part with the URL that clients receive, so that they compute the same digest. */
function withPublicUrl(part: Extract<MessagePart, { type: 'file' }>, messageId: string, index: number) {
  return { ...part, url: toFilePartUrl({ ...part, messageId, index }) }
}

function joinText(parts: readonly MessagePart[], type: 'text' | 'reasoning'): string | null {
  const texts = parts.flatMap((part) => (part.type === type ? [part.text] : []))
  return texts.length > 0 ? texts.join('') : null
}
