import { SessionTranscript } from '../../chat/transcript/session-transcript.ts'
import { createBadInputError } from '../../lib/errors.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import { MessageObjectType, SessionObjectType } from '../object-refs.ts'
import { createTranscriptCursor, positionCursor } from '../relay/cursors.ts'
import { resolveConnectionAround, resolveKeysetConnection } from '../relay/keyset-connection.ts'
import type { RequestProfile } from '../request-profile.ts'
import { schemaBuilder } from '../schema-builder.ts'

const MessageEdge = schemaBuilder.edgeObject({
  name: 'MessageEdge',
  description: 'A message and its cursor.',
  type: MessageObjectType,
})
const MessageConnection = schemaBuilder.connectionObject(
  { name: 'MessageConnection', description: 'A page of messages.', type: MessageObjectType },
  MessageEdge,
)

schemaBuilder.objectField(SessionObjectType, 'messages', (t) =>
  t.connection(
    {
      type: MessageObjectType,
      description: 'The messages, oldest first, including the one that is streaming.',
      args: {
        around: t.arg.id({
          description:
            'The id of a message of the session: a page of `first` messages with this one, half of them before it. Cannot be combined with `after`, `before` and `last`.',
        }),
      },
      resolve: async (session, { around, ...args }, { profiles }) => {
        const profile = await profiles.requireProfile(session.profile)
        const source = {
          loadPage: (page: PageRequest<number>) => profile.snapshot.messages.loadPage(session, page),
          toKey: (message: MessageRecord) => message.position ?? 0,
          cursor: positionCursor,
        }
        if (typeof around !== 'string') return resolveKeysetConnection(args, source)
        return resolveConnectionAround(await requireMessageOf(session, around, profile), args, source)
      },
    },
    MessageConnection,
    MessageEdge,
  ),
)

schemaBuilder.objectField(SessionObjectType, 'transcript', (t) =>
  t.connection(
    {
      type: MessageObjectType,
      description:
        'What a person reads, oldest first: the messages of the sessions that this one continues, then its own, each once. Summaries stand where they were made. A retry takes the place of the session that it was made from.',
      resolve: async (session, args, { profiles }) => {
        const requestProfile = await profiles.requireProfile(session.profile)
        const sessions = await requestProfile.sessionLoader.loadChain(session)
        const { eventStore } = requestProfile.profile
        const messageQueries = requestProfile.snapshot.messages
        const transcript = new SessionTranscript({ messageQueries, eventStore, sessions })
        return resolveKeysetConnection(args, {
          loadPage: (page) => transcript.loadPage(page),
          toKey: ({ sessionId, position }) => ({ sessionId, position: position ?? 0 }),
          cursor: createTranscriptCursor(new Set(sessions.map(({ id }) => id))),
        })
      },
    },
    MessageConnection,
    MessageEdge,
  ),
)

/** The message of a session that is shown. Throws BAD_USER_INPUT. */
async function requireMessageOf(session: SessionRecord, id: string, profile: RequestProfile): Promise<MessageRecord> {
  const message = await profile.chatLoader.loadMessage(id)
  if (message?.sessionId === session.id && message.position !== null) return message
  throw createBadInputError('The argument around is not the id of a message of this session.', 'around')
}
