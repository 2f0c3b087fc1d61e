import { notFound } from '../../lib/errors.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { builder } from '../builder.ts'
import type { Context } from '../context.ts'
import { StreamErrorCodeEnum, StreamStatusEnum } from '../enums.ts'
import { requireSession } from '../session/session.ts'
import { UsageType } from '../session/usage.ts'
import { MessageType, SessionType, StreamType } from '../object-refs.ts'

const StreamErrorType = builder.objectRef<NonNullable<StreamRecord['error']>>('StreamError').implement({
  description: 'Why an answer could not be finished.',
  fields: (t) => ({
    code: t.expose('code', { type: StreamErrorCodeEnum, description: 'For programs.' }),
    message: t.exposeString('message', { description: 'For people.' }),
  }),
})

StreamType.implement({
  description: "One answer being made, from a user's message to exactly one end.",
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'str_…' }),
    session: t.field({
      type: SessionType,
      description: 'The session that it is of, for life.',
      resolve: ({ sessionId }, _, context) => requireSession(sessionId, context),
    }),
    status: t.expose('status', { type: StreamStatusEnum, description: 'Where it stands.' }),
    userMessage: t.field({
      type: MessageType,
      description: 'The message that it answers.',
      resolve: ({ userMessageId, sessionId }, _, context) => requireMessage(userMessageId, sessionId, context),
    }),
    message: t.field({
      type: MessageType,
      nullable: true,
      description:
        "The assistant's message: growing while it runs, then the saved one. Null when nothing was produced.",
      resolve: async ({ id, sessionId }, _, { profiles: scopes }) =>
        (await scopes.requireProfileOfSession(sessionId)).chatLoader.loadAnswer(id),
    }),
    model: t.exposeString('model', { description: 'The model that answers, as <provider>/<name>.' }),
    usage: t.expose('usage', { type: UsageType, description: 'Of the requests to the model that have ended.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it was accepted.' }),
    finishedAt: t.expose('finishedAt', { type: 'DateTime', nullable: true, description: 'When it ended.' }),
    lastSeq: t.exposeInt('lastSeq', {
      description: 'The seq of its newest event; of its terminal event once it has finished.',
    }),
    error: t.expose('error', {
      type: StreamErrorType,
      nullable: true,
      description: 'Set when FAILED, and SERVER_RESTART when INTERRUPTED.',
    }),
  }),
})

/** A message that is known to exist, by the row that names it. */
export async function requireMessage(id: string, sessionId: string, { profiles }: Context): Promise<MessageRecord> {
  const message = await (await profiles.requireProfileOfSession(sessionId)).chatLoader.loadMessage(id)
  if (!message) throw notFound('message', id)
  return message
}
