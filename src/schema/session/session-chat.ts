import { prependToolNotes } from '../../agent/tools/prepend-tool-notes.ts'
import { collectInSteps } from '../../lib/event-loop/collect-in-steps.ts'
import { readsPageExtension } from '../resolvers/yield-in-lists.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ApprovalObjectType, ClarificationObjectType, SessionObjectType, StreamObjectType } from '../object-refs.ts'
import { modelMessagesToJson } from './model-messages-to-json.ts'

schemaBuilder.objectFields(SessionObjectType, (t) => ({
  modelContext: t.field({
    type: 'JSON',
    nullable: true,
    description:
      'The messages that the next request to the model would contain, as an array of `ModelMessage` objects of the AI SDK. The instructions of MCP servers that are ready are in a system message. An image is its URL; a text file is its content. In place of what only the provider can read, such as signatures, is `{"omitted": "provider state"}`. Null for a session that has ended and for a Hermes session: nothing is sent from them. Null, too, if it cannot be read; the log of the server says why.',
    extensions: { [readsPageExtension]: true },
    resolve: async (session, _, { profiles, signal, longReads }) => {
      if (session.origin === 'HERMES' || session.endedAt !== null) return null
      const { chats, toolbox } = await profiles.requireProfile(session.profile)
      const load = () => chats.loadModelMessagesOrNull(session)
      const messages = await (longReads?.read(load) ?? load())
      return messages && collectInSteps(modelMessagesToJson(prependToolNotes(messages, toolbox.listNotes())), signal)
    },
  }),
  activeStream: t.field({
    type: StreamObjectType,
    nullable: true,
    description: 'The stream that is running or waiting for a user in this session. Null if there is none.',
    resolve: async (session, _, { profiles }) =>
      (await profiles.requireProfile(session.profile)).snapshot.findActiveStream(session.id),
  }),
  queue: t.field({
    type: [StreamObjectType],
    description:
      'The streams that wait for their turn, in the order in which they will have it, without `activeStream`. At most 100, and more only where the server itself has put messages before them.',
    resolve: async (session, _, { profiles }) =>
      (await profiles.requireProfile(session.profile)).snapshot.listQueue(session.id),
  }),
  compacting: t.boolean({
    description:
      'Whether `compactSession` is at work. The session is busy meanwhile. A summary that the server makes by itself does not count.',
    resolve: async ({ id, profile }, _, { profiles }) =>
      (await profiles.requireProfile(profile)).snapshot.isCompacting(id),
  }),
  pendingApprovals: t.field({
    type: [ApprovalObjectType],
    description: 'The tool calls in this session that wait for approval, oldest first.',
    resolve: async ({ id, profile }, _, { profiles }) => [
      ...(await (await profiles.requireProfile(profile)).decisionLoader.loadPendingApprovals(id)),
    ],
  }),
  pendingClarifications: t.field({
    type: [ClarificationObjectType],
    description: 'The questions in this session that wait for an answer, oldest first.',
    resolve: async ({ id, profile }, _, { profiles }) => [
      ...(await (await profiles.requireProfile(profile)).decisionLoader.loadPendingClarifications(id)),
    ],
  }),
}))
