import { SegueError } from '../../lib/errors.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import type { ConversationUpdate } from '../../services/conversation-feed.ts'
import { profileArgs } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ConversationObjectType } from '../object-refs.ts'

const ChangeKindEnum = schemaBuilder.enumType('ChangeKind', {
  description: 'The kind of a change to the list of conversations.',
  values: {
    UPSERTED: {
      description:
        'The conversation was added or changed. Insert or replace it at the position that its `lastActivityAt` gives it.',
    },
    REMOVED: {
      description: 'The conversation was deleted, or it became part of another one. Remove it from the list.',
    },
  } as const,
})

const ConversationChangeType = schemaBuilder.objectRef<ConversationUpdate>('ConversationChange').implement({
  description: 'A change to the list of conversations.',
  fields: (t) => ({
    kind: t.field({
      type: ChangeKindEnum,
      description: 'Whether the conversation is in the list after the change.',
      resolve: ({ conversation }) => (conversation ? 'UPSERTED' : 'REMOVED'),
    }),
    id: t.exposeID('id', {
      description: 'The id of the conversation. A client may receive ids that it does not know.',
    }),
    conversation: t.expose('conversation', {
      type: ConversationObjectType,
      nullable: true,
      description: 'The current state of the conversation. Null if `kind` is REMOVED.',
    }),
  }),
})

schemaBuilder.subscriptionField('conversationsChanged', (t) =>
  t.field({
    type: ConversationChangeType,
    description: [
      'Emits every conversation that is added, changed or removed, in all channels, archived or not. Streaming text does not cause an event; the start of a stream, a pending decision and the end of a stream do.',
      'Subscribe first, then query `conversations`. After a reconnect, query again.',
      'If there are too many changes to send one by one (for example, the Hermes database was replaced), the subscription emits a STALE error and completes. Query again and resubscribe.',
    ].join('\n\n'),
    args: profileArgs,
    subscribe: (_, args, { profiles }) =>
      profiles.subscribe(parseProfileName(args.profile, 'profile'), ({ feed }) => feed.follow()),
    resolve: (change) => {
      if (change instanceof SegueError) throw change
      return change
    },
  }),
)
