import type { StreamFailure } from '../../model/stream.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { MessageObjectType, SessionObjectType, StreamObjectType } from '../object-refs.ts'
import { UsageType } from '../usage.ts'
import { FinishReasonEnum, StreamErrorCodeEnum, StreamStatusEnum } from './chat-enums.ts'

const StreamErrorType = schemaBuilder.objectRef<StreamFailure>('StreamError').implement({
  description: 'The reason why a stream failed or was interrupted.',
  fields: (t) => ({
    code: t.expose('code', { type: StreamErrorCodeEnum, description: 'The reason as a code, for programs.' }),
    message: t.exposeString('message', { description: 'The reason as a sentence, for people.' }),
    retryAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'The time before which another attempt has no chance, as far as the provider said. Null otherwise.',
      resolve: ({ retryAt }) => retryAt ?? null,
    }),
  }),
})

StreamObjectType.implement({
  description:
    'The production of one answer, from a user message to exactly one final state. Its events are in the log of its session.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the stream: `str_…`.' }),
    session: t.field({
      type: SessionObjectType,
      description: 'The session of the stream. It never changes.',
      resolve: ({ sessionId }, _, { profiles }) => profiles.requireSession(sessionId),
    }),
    status: t.expose('status', { type: StreamStatusEnum, description: 'The state of the stream.' }),
    userMessage: t.field({
      type: MessageObjectType,
      description: 'The user message that the stream answers.',
      resolve: ({ userMessageId, sessionId }, _, { profiles }) => profiles.requireMessage(userMessageId, sessionId),
    }),
    message: t.field({
      type: MessageObjectType,
      nullable: true,
      description:
        'The assistant message: as far as it is committed while the stream runs, then the saved message. Null if nothing was produced.',
      resolve: async ({ id, sessionId }, _, { profiles }) =>
        (await profiles.requireProfileOfSession(sessionId)).chatLoader.loadAnswer(id),
    }),
    model: t.exposeString('model', { description: 'The model that answers, as `<provider>/<name>`.' }),
    effort: t.string({
      nullable: true,
      description:
        'The effort of reasoning that the model is asked for; requests leave it out if its provider refuses it. Null: the default of the model.',
      resolve: ({ effort = null }) => effort,
    }),
  }),
})

schemaBuilder.objectFields(StreamObjectType, (t) => ({
  usage: t.expose('usage', {
    type: UsageType,
    description: 'The tokens used by the requests to the model that have ended.',
  }),
  startedAt: t.expose('startedAt', { type: 'DateTime', description: 'The time at which the stream was accepted.' }),
  finishedAt: t.expose('finishedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'The time at which the stream ended. Null before.',
  }),
  finishReason: t.field({
    type: FinishReasonEnum,
    nullable: true,
    description:
      'Why the model stopped, in its last step. With LENGTH, CONTENT_FILTER and REFUSAL, the message is PARTIAL. Null unless `status` is COMPLETED, and for streams of version 0.1.',
    resolve: ({ finishReason }) => finishReason ?? null,
  }),
  retryAt: t.field({
    type: 'DateTime',
    nullable: true,
    description:
      'The time at which the provider is asked again. Set while the stream waits because the provider asked it to; `status` stays RUNNING. Null otherwise.',
    resolve: ({ retryAt }) => retryAt ?? null,
  }),
  lastSeq: t.exposeInt('lastSeq', {
    description: 'The `seq` of the newest event of the stream; after its end, that of its `StreamFinished` event.',
  }),
  error: t.expose('error', {
    type: StreamErrorType,
    nullable: true,
    description:
      'The reason of the failure. Set if `status` is FAILED, or INTERRUPTED (then with the code SERVER_RESTART). Null otherwise.',
  }),
}))
