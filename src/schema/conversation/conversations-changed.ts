import { SegueError } from '../../lib/errors.ts'
import type { ConversationUpdate } from '../../services/conversation-feed.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { builder } from '../builder.ts'
import { ConversationType } from '../object-refs.ts'

const ChangeKindEnum = builder.enumType('ChangeKind', {
  description: 'What has become of a row.',
  values: {
    UPSERTED: { description: 'It is there: put it in the place that its lastActivityAt gives it.' },
    REMOVED: { description: 'It is not there any more: it was deleted, or swallowed by another conversation.' },
  } as const,
})

const ConversationChangeType = builder.objectRef<ConversationUpdate>('ConversationChange').implement({
  description: 'A row of the sidebar that has come, changed or gone.',
  fields: (t) => ({
    kind: t.field({
      type: ChangeKindEnum,
      description: 'Whether the row is there.',
      resolve: ({ conversation }) => (conversation ? 'UPSERTED' : 'REMOVED'),
    }),
    id: t.exposeID('id', { description: "The conversation's id. It may be one that you do not know." }),
    conversation: t.expose('conversation', {
      type: ConversationType,
      nullable: true,
      description: 'The row as it is now. Null when it was removed.',
    }),
  }),
})

builder.subscriptionField('conversationsChanged', (t) =>
  t.field({
    type: ConversationChangeType,
    description:
      'What changes in the sidebar, whoever changed it, of every channel, archived or not: a row that has come, that shows anything else than before, or that has gone. The words of an answer that is being made change no row; its beginning, its waiting for a person and its end do. Subscribe first, then read conversations; after a reconnect, read them again. STALE, and the end, when more has changed than can be told one by one, as when the file of a Hermes agent is replaced: read them again then, too, and subscribe anew.',
    args: { profile: t.arg.string({ description: 'The profile; default when it is left out.' }) },
    subscribe: (_, args, { profiles }) =>
      profiles.subscribe(parseProfileName(args.profile, 'profile'), ({ feed }) => feed.follow()),
    resolve: (change) => {
      if (change instanceof SegueError) throw change
      return change
    },
  }),
)
