import { paginateConversations } from '../../sessions/select-conversations.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ConversationObjectType } from '../object-refs.ts'
import { conversationCursor } from '../relay/cursors.ts'
import { resolveKeysetConnection } from '../relay/keyset-connection.ts'
import { SessionFilterInput, toSessionFilter } from '../session/session-filter.ts'

const ConversationEdge = schemaBuilder.edgeObject({
  name: 'ConversationEdge',
  description: 'A conversation and its cursor.',
  type: ConversationObjectType,
})
const ConversationConnection = schemaBuilder.connectionObject(
  { name: 'ConversationConnection', description: 'A page of conversations.', type: ConversationObjectType },
  ConversationEdge,
)

schemaBuilder.queryField('conversation', (t) =>
  t.field({
    type: ConversationObjectType,
    nullable: true,
    description: 'The conversation with this id, in any profile. Null if there is none.',
    args: { id: t.arg.id({ required: true, description: 'The id of the conversation: `cnv_…`.' }) },
    resolve: (_, { id }, { profiles }) => profiles.find('Conversation', id),
  }),
)

schemaBuilder.queryField('conversations', (t) =>
  t.connection(
    {
      type: ConversationObjectType,
      description: [
        'The conversations of a profile, most recent message first: the list that a chat client shows in its sidebar.',
        'Conversations without messages are left out. So are those in the channels TOOL and CRON, unless the filter names their channel or their id. Archived conversations are included unless the filter excludes them.',
      ].join('\n\n'),
      args: {
        filter: t.arg({
          type: SessionFilterInput,
          description:
            'Selects conversations. `channels` and `origin` apply to the tip, `archived`, `pinned` and `attention` to the conversation. `ids` may contain ids of conversations and of any of their sessions.',
        }),
      },
      resolve: async (_, { filter: input, ...args }, { profiles }) => {
        const { profile: profileName, filter } = toSessionFilter(input ?? {})
        const { ids, ...listFilter } = filter
        const profile = await profiles.findProfile(profileName)
        const candidates = profile && ids ? await profile.conversationLoader.loadByIds(ids) : null
        return resolveKeysetConnection(args, {
          loadPage: async (page) => {
            // A profile that does not exist reads as an empty one.
            if (!profile) return []
            const conversations = candidates
              ? paginateConversations(candidates, page, listFilter)
              : await profile.conversations.listPage(page, listFilter)
            profile.sessionLoader.prime(conversations.flatMap(({ root, tip }) => [root, tip]))
            profile.conversationLoader.prime(conversations)
            return conversations
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
