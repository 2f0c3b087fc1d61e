import { markAsCut } from '../../lib/lists/cut-list.ts'
import { toConversationId } from '../../model/conversation/conversation-id.ts'
import { deriveConversationTitle } from '../../model/conversation/title.ts'
import { assertIntInRange } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ConversationObjectType, SessionObjectType } from '../object-refs.ts'

const maxSegments = 1000

ConversationObjectType.implement({
  description:
    'A chat as a user sees it: a root session, all sessions that continue it, directly or indirectly, and the retries of their turns. It is one row of the list that `Query.conversations` returns.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({
      description: 'The id of the conversation: `cnv_` followed by the id of its root.',
      resolve: ({ root }) => toConversationId(root.id),
    }),
    root: t.expose('root', { type: SessionObjectType, description: 'The first session of the conversation.' }),
    tip: t.expose('tip', {
      type: SessionObjectType,
      description:
        'The current session of the conversation, to read and to continue: the one with the most recent message. Ties, and conversations without messages, are resolved by the latest `startedAt`.',
    }),
    segments: t.field({
      type: [SessionObjectType],
      description:
        'The sessions of the conversation in all branches: the root, then the others by their start. Use `skip` to page through more than 1,000.',
      args: {
        first: t.arg.int({
          defaultValue: maxSegments,
          description: `The maximum number of sessions to return: 1 to ${maxSegments}.`,
        }),
        skip: t.arg.int({ defaultValue: 0, description: 'The number of sessions to skip: 0 or more.' }),
      },
      resolve: async (conversation, args, { profiles }) => {
        const [first, skip] = [args.first ?? maxSegments, args.skip ?? 0]
        assertIntInRange(first, { name: 'first', min: 1, max: maxSegments })
        assertIntInRange(skip, { name: 'skip', min: 0 })
        const { conversations, sessionLoader } = await profiles.requireProfile(conversation.root.profile)
        const segments = await conversations.listSegments(conversation, { limit: first, offset: skip })
        sessionLoader.prime(segments)
        const isCut = first === maxSegments && skip + segments.length < conversation.segmentCount
        return isCut ? markAsCut(segments) : segments
      },
    }),
    segmentCount: t.exposeInt('segmentCount', {
      description: 'The number of sessions of the conversation in all branches.',
    }),
    title: t.string({
      nullable: true,
      description:
        'The title that a user gave last, with `updateConversation` or with `updateSession` on the tip; otherwise the title of the root, also where the tip of a Hermes conversation was renamed in Hermes. Where the root has no title, it is the title of the tip. Null if neither has one.',
      resolve: deriveConversationTitle,
    }),
    pinned: t.exposeBoolean('pinned', {
      description:
        'True if the conversation is pinned to the top of the list. Segue stores this, also for Hermes conversations: what Hermes has stored counts until it is set here.',
    }),
    archived: t.exposeBoolean('archived', {
      description:
        'True if the conversation is archived. Segue stores this, also for Hermes conversations: what Hermes has stored counts until it is set here.',
    }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      description:
        'The time of the most recent message of all sessions. If there are no messages, the start of the tip.',
    }),
  }),
})

schemaBuilder.objectField(SessionObjectType, 'conversation', (t) =>
  t.field({
    type: ConversationObjectType,
    description: 'The conversation that the session belongs to.',
    resolve: async (session, _, { profiles }) =>
      (await profiles.requireProfile(session.profile)).conversationLoader.loadForSession(session),
  }),
)
