import { classifySessionChannel } from '../../model/channel.ts'
import type { SessionRecord } from '../../model/session.ts'
import type { Context } from '../context.ts'
import { isFingerprintOf } from '../idempotency/mutation-fingerprint.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ProfileObjectType, SessionObjectType } from '../object-refs.ts'
import { UsageType } from '../usage.ts'
import { ChannelEnum, OriginEnum } from './session-enums.ts'

SessionObjectType.implement({
  description:
    'A chat session: a list of messages with one model context. When its context is compacted, or when the chat moves to another client, a new session continues it. Sessions that continue each other form a `Conversation`.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', {
      description:
        'The id of the session: `ses_…` for a Segue session, the id that Hermes assigned for a Hermes session. In profiles other than `default`, the id of a Hermes session starts with `<profile>@`; in `default`, one that could be the id of something else (`cnv_…`, `prf_…`, `mdl_…`, `<name>@…`) starts with `default@`.',
    }),
    key: t.string({
      nullable: true,
      description:
        'The idempotency key that the session was created with, in whatever way `createSession` was given it; unique in the profile. See `Query.sessionByKey`. Null if there was none.',
      resolve: async ({ id, profile, origin }, _, { profiles }) => {
        if (origin === 'HERMES') return null
        const call = await (await profiles.requireProfile(profile)).idempotencyKeyLoader.loadByCreatedId(id)
        return call && isFingerprintOf('createSession', call.fingerprint) ? call.key : null
      },
    }),
    title: t.exposeString('title', { nullable: true, description: 'The title. Null if the session has none.' }),
    source: t.exposeString('source', {
      description:
        'The client that the session was held in, as stored: `cli`, `telegram`, `webui`, `segue` and so on. Other values are possible. The value is `unknown` if none is stored.',
    }),
    channel: t.field({
      type: ChannelEnum,
      description: 'The group that `source` belongs to. Sub-agents are always in TOOL.',
      resolve: (session) => classifySessionChannel(session),
    }),
    origin: t.expose('origin', { type: OriginEnum, description: 'Where the session is stored.' }),
    profile: t.field({
      type: ProfileObjectType,
      description: 'The profile that the session belongs to.',
      resolve: ({ profile }) => ({ name: profile }),
    }),
    model: t.exposeString('model', {
      nullable: true,
      description:
        'The model of the session, as `<provider>/<name>`. For a Hermes session, the model name that Hermes stored. Null: the default model of the profile.',
    }),
  }),
})

schemaBuilder.objectFields(SessionObjectType, (t) => ({
  instructions: t.string({
    nullable: true,
    description:
      'The instructions (system prompt) in force: those of the session, else those of its profile. They come first in every request to the model, and are no part of the transcript. Null if there are none, and for Hermes sessions.',
    resolve: async (session, _, { profiles }) =>
      (await profiles.requireProfile(session.profile)).chats.messageQueries.instructions.findFor(session),
  }),
  effort: t.string({
    nullable: true,
    description:
      'The effort of reasoning of its answers: one of `Model.efforts`. Null: the default of the model itself, and for Hermes sessions.',
    resolve: ({ effort = null }) => effort,
  }),
  ownInstructions: t.string({
    nullable: true,
    description: 'The instructions of the session itself. Null where those of its profile are in force.',
    resolve: ({ instructions = null }) => instructions,
  }),
  startedAt: t.expose('startedAt', { type: 'DateTime', description: 'The time at which the session was created.' }),
  endedAt: t.expose('endedAt', {
    type: 'DateTime',
    nullable: true,
    description: 'The time at which the session ended. Null while it is open.',
  }),
  endReason: t.exposeString('endReason', {
    nullable: true,
    description:
      'Why the session ended, as stored: `compression`, `cli_close`, `branched` and so on. Other values are possible. Null while the session is open.',
  }),
  lastActivityAt: t.expose('lastActivityAt', {
    type: 'DateTime',
    description: 'The time of the newest message. Equal to `startedAt` while there are no messages.',
  }),
  messageCount: t.int({
    description: 'The number of messages, including the one that is streaming.',
    resolve: (session, _, { profiles }) =>
      profiles.readProfile(session.profile, ({ chatLoader }) => chatLoader.loadMessageCount(session)),
  }),
  pinned: t.boolean({
    description: 'True if the conversation of the session is pinned to the top of the list.',
    resolve: (session, _, { profiles }) => session.listed?.flags?.pinned ?? loadFlag('pinned', session, profiles),
  }),
  archived: t.boolean({
    description: 'True if the conversation of the session is archived.',
    resolve: (session, _, { profiles }) => session.listed?.flags?.archived ?? loadFlag('archived', session, profiles),
  }),
  headSeq: t.int({
    description:
      'The `seq` of the newest event in the log of the session; 0 if the log is empty. It is never newer than what is read beside it in the same operation: pass it as `after` to `followSession` to receive everything that happens from then on.',
    resolve: ({ id, headSeq, profile }, _, { profiles }) =>
      profiles.readProfile(profile, ({ snapshot }) => snapshot.limitHeadSeq(id, headSeq)),
  }),
  usage: t.expose('usage', {
    type: UsageType,
    description:
      'The tokens used by all ended streams of the session and by the summary and the title that were generated for it.',
  }),
}))

async function loadFlag(flag: 'pinned' | 'archived', session: SessionRecord, profiles: Context['profiles']) {
  const { conversationLoader } = await profiles.requireProfile(session.profile)
  return (await conversationLoader.loadFlagsForSession(session))[flag]
}
