import type { LineageSummary } from '../../model/conversation/lineage.ts'
import type { MessageRecord } from '../../model/message.ts'
import type { SessionRecord } from '../../model/session.ts'
import { schemaBuilder } from '../schema-builder.ts'
import type { Context } from '../context.ts'
import { MessageObjectType, SessionObjectType } from '../object-refs.ts'

schemaBuilder.objectFields(SessionObjectType, (t) => ({
  parent: t.field({
    type: SessionObjectType,
    nullable: true,
    description:
      'The session that this one continues. Null if there is none, if it was deleted, or if it did not end in a way that can be continued. A retry takes the place of the session that it was made from: it has the same `parent`, `lineageRoot` and `segmentCount`.',
    resolve: (session, _, context) => readLineage(session, context, ({ parent }) => parent),
  }),
  lineageRoot: t.field({
    type: SessionObjectType,
    description:
      'The first session of the chain of parents; the session itself if it continues none and is no retry. It is the root of the conversation: all sessions with the same root belong to one conversation.',
    resolve: (session, _, context) => readLineage(session, context, ({ root }) => root),
  }),
  segmentCount: t.int({
    description:
      'The number of sessions from `lineageRoot` to this one, including both. A retry counts as the session whose place it takes. 1 for a root and its retries.',
    resolve: (session, _, context) => readLineage(session, context, ({ segmentCount }) => segmentCount),
  }),
  continuedBy: t.field({
    type: SessionObjectType,
    nullable: true,
    description:
      'The session that continues this one. If there are several, retries included, the one with the newest message. Null while there is none.',
    resolve: async (session, _, { profiles }) =>
      (await profiles.requireProfile(session.profile)).conversationLoader.loadContinuation(session),
  }),
  forkedFrom: t.field({
    type: MessageObjectType,
    nullable: true,
    description:
      'The message that the session was forked from: the last copied message. A fork is a conversation of its own and never continues its source. Forks and branches that Hermes made name it too, as far as their copies show it. Null if the session is not a fork, or if the message was deleted.',
    resolve: ({ forkedFrom, profile }, _, context) => loadMessage(forkedFrom, profile, context),
  }),
  retryOf: t.field({
    type: MessageObjectType,
    nullable: true,
    description:
      'The user message whose turn is tried again here, if `regenerate` made the session. A retry stays in the conversation of that message. Null if the session is not a retry, or if the message was deleted.',
    resolve: ({ retryOf, profile }, _, context) => loadMessage(retryOf, profile, context),
  }),
}))

async function loadMessage(id: string | null, profile: string, { profiles }: Context): Promise<MessageRecord | null> {
  return id === null ? null : (await profiles.requireProfile(profile)).chatLoader.loadMessage(id)
}

/** All lineages of one execution are loaded through one loader. */
function readLineage<T>(
  session: SessionRecord,
  { profiles }: Context,
  read: (lineage: LineageSummary<SessionRecord>) => T,
): T | Promise<T> {
  return profiles.readProfile(session.profile, ({ sessionLoader }) => {
    const lineage = sessionLoader.loadLineage(session)
    return lineage instanceof Promise ? lineage.then(read) : read(lineage)
  })
}
