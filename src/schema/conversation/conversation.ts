import { badInput } from '../../lib/errors.ts'
import { toConversationId } from '../../model/conversation-id.ts'
import { deriveConversationTitle } from '../../model/title.ts'
import { builder } from '../builder.ts'
import { ConversationType, SessionType } from '../object-refs.ts'

const maxSegments = 1000

ConversationType.implement({
  description: 'What a person sees as one conversation: all sessions that continue one root, shown once.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id({ description: "cnv_ and the root's id.", resolve: ({ root }) => toConversationId(root.id) }),
    root: t.expose('root', { type: SessionType, description: 'Where it began.' }),
    tip: t.expose('tip', {
      type: SessionType,
      description:
        'The segment to read and to continue: the one with the newest message among all that continue the root. Of several with the same, or without any, the one that was begun last.',
    }),
    segments: t.field({
      type: [SessionType],
      description:
        'All sessions of the conversation, oldest first: the root, and whatever continues it, in all branches. In pieces where there are more than 1,000.',
      args: {
        first: t.arg.int({ defaultValue: maxSegments, description: `How many at most: 1 to ${maxSegments}.` }),
        skip: t.arg.int({ defaultValue: 0, description: 'How many of the oldest to leave out.' }),
      },
      resolve: async (conversation, args, { profiles: scopes }) => {
        const [first, skip] = [args.first ?? maxSegments, args.skip ?? 0]
        if (first < 1 || first > maxSegments) {
          throw badInput(`first is from 1 to ${maxSegments}; it was ${first}.`, 'first')
        }
        if (skip < 0) throw badInput(`skip is 0 or more; it was ${skip}.`, 'skip')
        const { conversations, sessionLoader: loader } = await scopes.requireProfile(conversation.root.profile)
        const segments = await conversations.listSegments(conversation, { limit: first, offset: skip })
        loader.prime(segments)
        return segments
      },
    }),
    segmentCount: t.exposeInt('segmentCount', { description: 'How many segments there are, in all branches.' }),
    title: t.string({
      nullable: true,
      description:
        "What it is called: the root's title, unless a person has given the tip another one. A title that was inherited, with a number behind it or without, is the same one. To rename the conversation, rename its tip.",
      resolve: deriveConversationTitle,
    }),
    lastActivityAt: t.expose('lastActivityAt', {
      type: 'DateTime',
      description: 'The time of the newest message of any segment; the start of the tip while there is none.',
    }),
  }),
})

builder.objectField(SessionType, 'conversation', (t) =>
  t.field({
    type: ConversationType,
    description: 'The conversation that it is a segment of.',
    resolve: async (session, _, { profiles }) =>
      (await profiles.requireProfile(session.profile)).conversationLoader.loadForSession(session),
  }),
)
