import { countSummarizedMessages } from '../../chat/transcript/count-summarized-messages.ts'
import { SessionTranscript, type TranscriptKey } from '../../chat/transcript/session-transcript.ts'
import { createBadInputError } from '../../lib/errors.ts'
import type { PageRequest } from '../../lib/pagination.ts'
import type { MessageRecord } from '../../model/message.ts'
import { isSegueSummary } from '../../model/conversation/message-kind.ts'
import type { SessionRecord } from '../../model/session.ts'
import { readMessagePage } from '../long-reads.ts'
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
      resolve: async (session, { around, ...args }, { profiles, longReads }) => {
        const profile = await profiles.requireProfile(session.profile)
        const pages = {
          loadPage: (page: PageRequest<number>) => profile.snapshot.messages.loadPage(session, page),
          toKey: (message: MessageRecord) => message.position ?? 0,
        }
        const source = {
          ...pages,
          loadPage: (page: PageRequest<number>) => readMessagePage(longReads, page, pages),
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
      resolve: async (session, args, { profiles, longReads }) => {
        const { transcript, sessions } = await loadTranscript(session, await profiles.requireProfile(session.profile))
        const pages = {
          loadPage: (page: PageRequest<TranscriptKey>) => transcript.loadPage(page),
          toKey: ({ sessionId, position }: MessageRecord) => ({ sessionId, position: position ?? 0 }),
        }
        return resolveKeysetConnection(args, {
          ...pages,
          loadPage: (page) => readMessagePage(longReads, page, pages),
          cursor: createTranscriptCursor(new Set(sessions.map(({ id }) => id))),
        })
      },
    },
    MessageConnection,
    MessageEdge,
  ),
)

schemaBuilder.objectField(MessageObjectType, 'summarizedCount', (t) =>
  t.int({
    nullable: true,
    description:
      'Of a summary that Segue has made: how many messages of the user and the agent it stands for, with those that earlier summaries stood for. Null for other messages, and if it is not known any more. All of these messages are read to count them: ask for it of the summaries that are shown.',
    resolve: async (message, _, { profiles }) => {
      if (!isSegueSummary(message)) return null
      const profile = await profiles.requireProfileOfSession(message.sessionId)
      const session = await profiles.requireSession(message.sessionId)
      const { transcript } = await loadTranscript(session, profile)
      const loadMessage = (id: string) => profile.chatLoader.loadMessage(id)
      return countSummarizedMessages(message, { transcript, loadMessage })
    },
  }),
)

/** What a person reads of a session, and the sessions that it is read from. */
async function loadTranscript(session: SessionRecord, { sessionLoader, profile, snapshot }: RequestProfile) {
  const sessions = await sessionLoader.loadChain(session)
  const { eventStore } = profile
  return { sessions, transcript: new SessionTranscript({ messageQueries: snapshot.messages, eventStore, sessions }) }
}

/** The message of a session that is shown. Throws BAD_USER_INPUT. */
async function requireMessageOf(session: SessionRecord, id: string, profile: RequestProfile): Promise<MessageRecord> {
  const message = await profile.chatLoader.loadMessage(id)
  if (message?.sessionId === session.id && message.position !== null) return message
  throw createBadInputError('The argument around is not the id of a message of this session.', 'around')
}
