import { channelOfSession } from '../storage/channel.ts'
import { builder } from './builder.ts'
import { jsonOf } from './json.ts'
import { connection, positionCursor } from './connection.ts'
import { ChannelEnum, OriginEnum } from './enums.ts'
import { UsageType } from './usage.ts'
import { MessageType, ProfileType, SessionType, StreamType } from './refs.ts'

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
      resolve: (session) => channelOfSession(session),
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
      resolve: async (session, _, { loader, domain }) =>
        (await loader.messageCount(session)) + (domain.chats.growingAnswer(session.id) ? 1 : 0),
    }),
    pinned: t.exposeBoolean('pinned', { description: 'A person keeps it at the top.' }),
    archived: t.exposeBoolean('archived', { description: 'A person has put it away.' }),
    parent: t.field({
      type: SessionType,
      nullable: true,
      description:
        'The segment that this one continues. Null when there is none, when its row is gone, and when it did not end in a continuation.',
      resolve: async (session, _, { loader }) => (await loader.lineage(session)).parent,
    }),
    lineageRoot: t.field({
      type: SessionType,
      description:
        'The first segment of the chain; the session itself when it continues nothing. Grouping by lineageRoot.id is always right.',
      resolve: async (session, _, { loader }) => (await loader.lineage(session)).root,
    }),
    segmentCount: t.int({
      description: 'Segments from lineageRoot to this one, both counted. 1 when it continues nothing.',
      resolve: async (session, _, { loader }) => (await loader.lineage(session)).segmentCount,
    }),
    messages: t.connection(
      {
        type: MessageType,
        description: 'Its messages, oldest first, the one that is being made at the end.',
        resolve: (session, args, { domain }) =>
          connection(args, {
            fetch: (page) => domain.chats.messagePage(session, page),
            keyOf: (message) => message.position ?? 0,
            cursor: positionCursor,
          }),
      },
      { name: 'SessionMessagesConnection', description: "A page of a session's messages." },
      { name: 'SessionMessagesEdge', description: 'A message and where it stands in its session.' },
    ),
    modelContext: t.field({
      type: 'JSON',
      description: "Exactly what the model would be sent next, in the AI SDK's ModelMessage form.",
      resolve: async (session, _, { domain }) => jsonOf(await domain.chats.modelContext(session)),
    }),
    activeStream: t.field({
      type: StreamType,
      nullable: true,
      description: 'The stream that holds the session now, if any.',
      resolve: (session, _, { domain }) => domain.chats.activeStream(session.id),
    }),
    headSeq: t.exposeInt('headSeq', {
      description: "The seq of the newest event in the session's log. 0 when there is none.",
    }),
    usage: t.expose('usage', { type: UsageType, description: 'Of all streams that have ended in it.' }),
  }),
})
