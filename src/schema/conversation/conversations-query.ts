import { paginateConversations } from '../../sessions/paginate-conversations.ts'
import { builder } from '../builder.ts'
import { resolveKeysetConnection, conversationCursor } from '../relay/keyset-connection.ts'
import { ConversationType } from '../object-refs.ts'
import { SessionFilterInput, toSessionFilter } from '../session/session-filter.ts'

const ConversationEdge = builder.edgeObject({
  name: 'ConversationEdge',
  description: 'A conversation and where it stands in the list.',
  type: ConversationType,
})
const ConversationConnection = builder.connectionObject(
  { name: 'ConversationConnection', description: 'A page of conversations.', type: ConversationType },
  ConversationEdge,
)

builder.queryField('conversations', (t) =>
  t.connection(
    {
      type: ConversationType,
      description:
        'The sidebar: one row a conversation, newest message first. Conversations without a message are left out, and so are sub-agents, tools and scheduled runs unless their channel, or one of them by its id, is asked for; archived ones are there unless they are filtered out.',
      args: {
        filter: t.arg({
          type: SessionFilterInput,
          description:
            'Which conversations. channels, origin, archived and pinned look at the tip, which is what a person reads and writes in; ids may be those of conversations or of any of their sessions.',
        }),
      },
      resolve: async (_, { filter: given, ...args }, { profiles: scopes }) => {
        const { profile, filter } = toSessionFilter(given ?? {})
        const { ids, ...rest } = filter
        const scope = await scopes.findProfile(profile)
        const named = scope && ids ? await scope.conversationLoader.loadByIds(ids) : null
        return resolveKeysetConnection(args, {
          loadPage: async (page) => {
            // A valid name of which nothing exists reads as an empty profile.
            if (!scope) return []
            const found = named
              ? paginateConversations(named, page, rest)
              : await scope.conversations.listPage(page, rest)
            scope.sessionLoader.prime(found.flatMap(({ root, tip }) => [root, tip]))
            return found
          },
          toKey: ({ lastActivityAt, root }) => ({ lastActivityAt, id: root.id }),
          cursor: conversationCursor,
        })
      },
    },
    ConversationConnection,
    ConversationEdge,
  ),
)
