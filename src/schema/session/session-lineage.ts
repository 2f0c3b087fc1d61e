import type { LineageSummary } from '../../model/conversation/lineage.ts'
import type { SessionRecord } from '../../model/session.ts'
import { schemaBuilder } from '../schema-builder.ts'
import type { Context } from '../context.ts'
import { MessageObjectType, SessionObjectType } from '../object-refs.ts'

schemaBuilder.objectFields(SessionObjectType, (t) => ({
  parent: t.field({
    type: SessionObjectType,
    nullable: true,
    description:
      'The session that this one continues. Null if there is none, if it was deleted, or if it did not end in a way that can be continued.',
    resolve: async (session, _, context) => (await loadLineage(session, context)).parent,
  }),
  lineageRoot: t.field({
    type: SessionObjectType,
    description:
      'The first session of the chain of parents; the session itself if it continues none. All sessions with the same root belong to one conversation.',
    resolve: async (session, _, context) => (await loadLineage(session, context)).root,
  }),
  segmentCount: t.int({
    description:
      'The number of sessions from `lineageRoot` to this one, including both. 1 if the session continues none.',
    resolve: async (session, _, context) => (await loadLineage(session, context)).segmentCount,
  }),
  forkedFrom: t.field({
    type: MessageObjectType,
    nullable: true,
    description:
      'The message that the session was forked from: the last copied message, or the message that was regenerated. A fork never continues its source. Forks and branches that Hermes made name it too, as far as their copies show it. Null if the session is not a fork, or if the message was deleted.',
    resolve: async ({ forkedFrom, profile }, _, { profiles }) =>
      forkedFrom === null ? null : (await profiles.requireProfile(profile)).chatLoader.loadMessage(forkedFrom),
  }),
}))

/** All lineages of one execution are loaded through one loader. */
async function loadLineage(session: SessionRecord, { profiles }: Context): Promise<LineageSummary<SessionRecord>> {
  return (await profiles.requireProfile(session.profile)).sessionLoader.loadLineage(session)
}
