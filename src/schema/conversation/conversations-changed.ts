import { parseProfileName } from '../../profiles/profile-name.ts'
import type { ConversationListUpdate } from '../../services/conversation-feed.ts'
import { profileArgs } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ConversationObjectType } from '../object-refs.ts'

const ChangeKindEnum = schemaBuilder.enumType('ChangeKind', {
  description: 'The kind of a change to the list of conversations.',
  values: {
    READY: {
      description:
        'Read `conversations` now, whatever was read before: every change from here on is reported. It is the first event of a subscription, and comes again whenever more has changed than is reported one by one.',
    },
    UPSERTED: {
      description:
        'The conversation was added or changed. Insert or replace it at the position that its `lastActivityAt` gives it.',
    },
    REMOVED: {
      description: 'The conversation was deleted, or it became part of another one. Remove it from the list.',
    },
  } as const,
})

const ConversationChangeType = schemaBuilder.objectRef<ConversationListUpdate>('ConversationChange').implement({
  description: 'A change to the list of conversations.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ChangeKindEnum, description: 'What has changed.' }),
    conversationId: t.exposeID('conversationId', {
      nullable: true,
      description:
        'The id of the conversation. A client may receive ids that it does not know. Null if `kind` is READY.',
    }),
    conversation: t.expose('conversation', {
      type: ConversationObjectType,
      nullable: true,
      description: 'The current state of the conversation. Null unless `kind` is UPSERTED.',
    }),
    continuesIn: t.expose('continuesIn', {
      type: ConversationObjectType,
      nullable: true,
      description:
        'If `kind` is REMOVED, the conversation that its sessions belong to now. Null if they were deleted, and for other kinds.',
    }),
  }),
})

schemaBuilder.subscriptionField('conversationsChanged', (t) =>
  t.field({
    type: ConversationChangeType,
    description: [
      'Emits every conversation that is added, changed or removed, in all channels, archived or not. Streaming text does not cause an event; the start of a stream, a pending decision and the end of a stream do.',
      'The first event is READY: query `conversations` when it comes, and apply the changes that follow. After a reconnect it comes again, and whenever there are too many changes to send one by one (for example, the Hermes database was replaced).',
      'Completes only when the profile is deleted.',
    ].join('\n\n'),
    args: profileArgs,
    subscribe: (_, args, { profiles }) =>
      profiles.subscribe(parseProfileName(args.profile, 'profile'), ({ feed }) => feed.follow()),
    resolve: (change) => change,
  }),
)
