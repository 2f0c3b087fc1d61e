import { notFound } from '../../lib/errors.ts'
import type { Lineage } from '../../model/lineage.ts'
import { channelForSession } from '../../model/channel.ts'
import type { SessionRecord } from '../../model/session.ts'
import { builder } from '../builder.ts'
import { modelMessagesToJson } from '../chat/model-messages-to-json.ts'
import { resolveKeysetConnection, positionCursor } from '../relay/keyset-connection.ts'
import type { Context } from '../context.ts'
import { ChannelEnum, OriginEnum } from '../enums.ts'
import { UsageType } from './usage.ts'
import { ApprovalType, ClarificationType, MessageType, ProfileType, SessionType, StreamType } from '../object-refs.ts'

SessionType.implement({
  description:
    'One segment of a chat. When its context is compacted, or it moves elsewhere, another session continues it.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'ses_… for a session kept here; a session of Hermes has the id that Hermes gave it.',
    }),
    title: t.exposeString('title', { nullable: true, description: 'What the chat is called, if anything.' }),
    source: t.exposeString('source', {
      description:
        'Where it was held, as stored: cli, telegram, webui, segue, … An open set; unknown where the row has none.',
    }),
    channel: t.field({
      type: ChannelEnum,
      description: 'Its source in one of a few groups; TOOL for a sub-agent, whatever its source.',
      resolve: (session) => channelForSession(session),
    }),
    origin: t.expose('origin', { type: OriginEnum, description: 'Who keeps it.' }),
    profile: t.field({
      type: ProfileType,
      description: 'The profile that it belongs to.',
      resolve: ({ profile }) => ({ name: profile }),
    }),
    model: t.exposeString('model', {
      nullable: true,
      description: 'The model that it was begun with. Null: the default one of the moment.',
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it began.' }),
    endedAt: t.expose('endedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended. Null while it is open.',
    }),
    endReason: t.exposeString('endReason', {
      nullable: true,
      description: 'Why it ended, as stored: compression, cli_close, branched, … An open set; null while it is open.',
    }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      description: "The newest message's time; the session's start while it has none.",
    }),
    messageCount: t.int({
      description: 'How many messages it has, the one that is being made included.',
      resolve: async (session, _, { profiles: scopes }) => {
        const { sessionLoader: loader, chats } = await scopes.requireProfile(session.profile)
        return (
          (await loader.loadMessageCount(session)) + (chats.messageQueries.findStreamingMessage(session.id) ? 1 : 0)
        )
      },
    }),
    pinned: t.exposeBoolean('pinned', { description: 'A person keeps it at the top.' }),
    archived: t.exposeBoolean('archived', { description: 'A person has put it away.' }),
    parent: t.field({
      type: SessionType,
      nullable: true,
      description:
        'The segment that this one continues. Null when there is none, when its row is gone, and when it did not end in a continuation.',
      resolve: async (session, _, context) => (await loadLineage(session, context)).parent,
    }),
    lineageRoot: t.field({
      type: SessionType,
      description:
        'The first segment of the chain; the session itself when it continues nothing. Grouping by lineageRoot.id is always right.',
      resolve: async (session, _, context) => (await loadLineage(session, context)).root,
    }),
    segmentCount: t.int({
      description: 'Segments from lineageRoot to this one, both counted. 1 when it continues nothing.',
      resolve: async (session, _, context) => (await loadLineage(session, context)).segmentCount,
    }),
    messages: t.connection(
      {
        type: MessageType,
        description: 'Its messages, oldest first, the one that is being made at the end.',
        resolve: async (session, args, { profiles: scopes }) => {
          const { chats } = await scopes.requireProfile(session.profile)
          return resolveKeysetConnection(args, {
            loadPage: (page) => chats.messageQueries.loadPage(session, page),
            toKey: (message) => message.position ?? 0,
            cursor: positionCursor,
          })
        },
      },
      { name: 'SessionMessagesConnection', description: "A page of a session's messages." },
      { name: 'SessionMessagesEdge', description: 'A message and where it stands in its session.' },
    ),
    modelContext: t.field({
      type: 'JSON',
      description: "Exactly what the model would be sent next, in the AI SDK's ModelMessage form.",
      resolve: async (session, _, { profiles: scopes }) =>
        modelMessagesToJson(await (await scopes.requireProfile(session.profile)).chats.loadModelMessages(session)),
    }),
    activeStream: t.field({
      type: StreamType,
      nullable: true,
      description: 'The stream that holds the session now, if any.',
      resolve: async (session, _, { profiles: scopes }) =>
        (await scopes.requireProfile(session.profile)).chats.findActiveStream(session.id),
    }),
    headSeq: t.exposeInt('headSeq', {
      description: "The seq of the newest event in the session's log. 0 when there is none.",
    }),
    forkedFrom: t.field({
      type: MessageType,
      nullable: true,
      description:
        'Where it was forked from: the last message that it took along, or the one that is answered again in it. A fork is never a continuation. Null when it is none, and when that message is gone.',
      resolve: async ({ forkedFrom, profile }, _, { profiles: scopes }) =>
        forkedFrom === null ? null : (await scopes.requireProfile(profile)).chatLoader.loadMessage(forkedFrom),
    }),
    usage: t.expose('usage', {
      type: UsageType,
      description: 'Of all streams that have ended in it, and of what was written about it: its summary, its title.',
    }),
    pendingApprovals: t.field({
      type: [ApprovalType],
      description: 'The tool calls in it that wait for a person to allow them, the oldest first.',
      resolve: async ({ id: sessionId, profile }, _, { profiles: scopes }) => [
        ...(await (await scopes.requireProfile(profile)).pendingDecisionLoader.loadApprovals(sessionId)),
      ],
    }),
    pendingClarifications: t.field({
      type: [ClarificationType],
      description: 'The questions in it that wait for an answer, the oldest first.',
      resolve: async ({ id: sessionId, profile }, _, { profiles: scopes }) => [
        ...(await (await scopes.requireProfile(profile)).pendingDecisionLoader.loadClarifications(sessionId)),
      ],
    }),
  }),
})

/** A session that is known to exist, by the row that names it. */
export async function requireSession(id: string, { profiles }: Context): Promise<SessionRecord> {
  const session = await (await profiles.requireProfileOfSession(id)).sessionLoader.load(id)
  if (!session) throw notFound('session', id)
  return session
}

/** All walks of one execution share its loader. */
async function loadLineage(session: SessionRecord, { profiles }: Context): Promise<Lineage<SessionRecord>> {
  return (await profiles.requireProfile(session.profile)).sessionLoader.loadLineage(session)
}
