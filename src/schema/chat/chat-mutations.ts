import type { CancelResult } from '../../chat/chat-service.ts'
import { badInput, notFound } from '../../lib/errors.ts'
import { defaultProfileName, parseProfileName } from '../../profiles/profile-name.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { builder } from '../builder.ts'
import { ChatEventInterface } from './chat-event.ts'
import type { Context } from '../context.ts'
import { CancelOutcomeEnum, IfBusyEnum } from '../enums.ts'
import { MessageType, SessionType, StreamType } from '../object-refs.ts'
import type { RequestProfile } from '../request-profile.ts'
import { withModelPath } from '../with-model-path.ts'

const CreateSessionInput = builder.inputType('CreateSessionInput', {
  description: 'A session to begin.',
  fields: (t) => ({
    title: t.string({ description: 'What to call it: 1 to 200 characters, in one line.' }),
    profile: t.string({ description: 'The profile that it belongs to; default when it is left out.' }),
    model: t.string({
      description: 'The model that answers in it, as <provider>/<name>; the default one when it is left out.',
    }),
    continues: t.id({
      description:
        "The session that the new one continues, usually Hermes' own: it must have ended in compression or cli_close. Its history becomes the new one's context, its title goes along. BAD_USER_INPUT otherwise.",
    }),
  }),
})

const FileInput = builder.inputType('FileInput', {
  description: 'A file to send along.',
  fields: (t) => ({
    name: t.string({ description: 'What it is called: 1 to 200 characters, without slashes.' }),
    mediaType: t.string({
      required: true,
      description:
        'image/png, image/jpeg, image/gif or image/webp, up to 10 MiB; text/… , application/json and the like, up to 1 MiB in UTF-8. Any other type is BAD_USER_INPUT, a larger file TOO_LARGE.',
    }),
    url: t.string({
      required: true,
      description: 'A data URL, which is kept here; or an https URL, which is passed on to the model as it is.',
    }),
  }),
})

const StreamChatInput = builder.inputType('StreamChatInput', {
  description: 'A message to answer.',
  fields: (t) => ({
    sessionId: t.id({ description: 'The session that it belongs to. Omitted: a new session is made.' }),
    text: t.string({
      required: true,
      description: 'What the user says: up to 1,000,000 characters. Blank only where there are files.',
    }),
    files: t.field({
      type: [FileInput],
      description: 'What goes with the text, up to 20: pictures (PNG, JPEG, GIF, WebP) and text.',
    }),
    model: t.string({
      description: "The model that answers, as <provider>/<name>; the session's own when it is left out.",
    }),
    profile: t.string({ description: 'The profile; default when it is left out.' }),
    key: t.string({
      description:
        "Chosen by the client, 1 to 200 characters, unique in the profile, kept as long as the session. The same key with the same sessionId, text, files, model and profile returns the same stream; with other ones it is an IDEMPOTENCY_MISMATCH. A refused start keeps no key. Without it, over WebSocket, the subscribe message's id is the key when it is a UUID: graphql-ws repeats it when it reconnects.",
    }),
    ifBusy: t.field({
      type: IfBusyEnum,
      defaultValue: 'REJECT',
      description:
        'What to do when the session has an active stream: refuse with SESSION_BUSY; wait for its turn; or cancel the active one and run next, before what is queued.',
    }),
  }),
})

const CancelStreamPayload = builder.objectRef<CancelResult>('CancelStreamPayload').implement({
  description: 'What a cancelled stream leaves behind.',
  fields: (t) => ({
    stream: t.expose('stream', { type: StreamType, description: 'The stream as it ended.' }),
    message: t.field({
      type: MessageType,
      nullable: true,
      description: 'The saved partial message, byte for byte. Null only when nothing was produced.',
      resolve: ({ answer }) => answer,
    }),
    outcome: t.expose('outcome', { type: CancelOutcomeEnum, description: 'How this call found the stream.' }),
    lastSeq: t.int({ description: "The seq of the stream's terminal event.", resolve: ({ stream }) => stream.lastSeq }),
  }),
})

builder.mutationFields((t) => ({
  createSession: t.field({
    type: SessionType,
    description: 'Begins a session, empty or as the continuation of another one.',
    args: { input: t.arg({ type: CreateSessionInput, required: true, description: 'What it is to be.' }) },
    resolve: (_, { input }, { profiles }) =>
      profiles.withProfile(parseProfileName(input.profile, 'input', 'profile'), async ({ models, sessions }) => {
        const { title = null, model = null, continues = null } = input
        return withModelPath(model, async () => {
          if (model !== null) models.assertKnown(model)
          return sessions.create({ title, model, continues })
        })
      }),
  }),
  startChat: t.field({
    type: StreamType,
    description: 'Starts an answer without following it; followStream does.',
    args: { input: t.arg({ type: StreamChatInput, required: true, description: 'The message.' }) },
    resolve: (_, { input }, context) => startStream(input, { ...context, operationId: null }),
  }),
  regenerate: t.field({
    type: StreamType,
    description:
      "Forks before the turn of messageId and answers there: the same user's message, or text in its place. The old branch stays as it is. SESSION_BUSY while that message is being made.",
    args: {
      messageId: t.arg.id({ required: true, description: "A message of the turn: the user's, or the answer." }),
      text: t.arg.string({ description: 'What the user says instead; files of the old message stay with it.' }),
      key: t.arg.string({
        description: 'As in StreamChatInput: the same key with the same messageId and text returns the same stream.',
      }),
    },
    resolve: async (_, { messageId, text, key }, { profiles }) =>
      (await profiles.requireProfileOwning('Message', messageId)).chats.regenerate(
        messageId,
        text ?? null,
        key ?? null,
      ),
  }),
  forkSession: t.field({
    type: SessionType,
    description:
      'A new session with the messages up to and including messageId, of either origin. SESSION_BUSY while that message is being made.',
    args: { messageId: t.arg.id({ required: true, description: 'The last message to take along.' }) },
    resolve: async (_, { messageId }, { profiles }) =>
      (await profiles.requireProfileOwning('Message', messageId)).chats.fork(messageId),
  }),
  compactSession: t.field({
    type: SessionType,
    description:
      'Summarises the session, ends it with endReason compression and returns the one that continues it. SESSION_BUSY while an answer is made in it or it is compacted already, STALE when it was continued already, PROVIDER when there is no summary to be had: then it is as it was.',
    args: {
      id: t.arg.id({ required: true, description: 'The session.' }),
      key: t.arg.string({
        description: 'Chosen by the client: the same key with the same session returns the same continuation.',
      }),
    },
    resolve: async (_, { id, key }, { profiles }) =>
      (await profiles.requireProfileOwning('Session', id)).chats.compact(id, key ?? null),
  }),
  cancelStream: t.field({
    type: CancelStreamPayload,
    description: 'Stops a stream and returns what was saved: all that any client has seen of it, and nothing after.',
    args: { streamId: t.arg.id({ required: true, description: 'The stream.' }) },
    resolve: async (_, { streamId }, { profiles }) =>
      (await profiles.requireProfileOwning('Stream', streamId)).chats.cancel(streamId),
  }),
}))

/** The extension that marks a subscription field which starts something. The server refuses it over GET. */
export const startsStream = 'startsStream'

const afterDescription = 'Only events with a greater seq.'

builder.subscriptionFields((t) => ({
  streamChat: t.field({
    type: ChatEventInterface,
    description: 'Starts an answer (or joins the one started with the same key) and follows it to its StreamFinished.',
    extensions: { [startsStream]: true },
    args: {
      input: t.arg({ type: StreamChatInput, required: true, description: 'The message.' }),
      after: t.arg.int({ description: afterDescription }),
    },
    subscribe: async (_, { input, after }, context) => {
      const cursor = resolveCursor(after)
      const { id, sessionId } = await startStream(input, context)
      const { chats } = await context.profiles.requireProfileOfSession(sessionId)
      return chats.subscriptions.subscribeToStream(id, cursor)
    },
    resolve: (event) => event,
  }),
  followStream: t.field({
    type: ChatEventInterface,
    description:
      'Follows the events of one stream from after (0: from its start) to its StreamFinished, from any number of clients, during it or long after.',
    args: {
      streamId: t.arg.id({ required: true, description: 'The stream.' }),
      after: t.arg.int({ defaultValue: 0, description: afterDescription }),
    },
    subscribe: async (_, { streamId, after }, { profiles, lastEventId }) => {
      const cursor = resolveCursor(after, lastEventId)
      const { subscriptions } = (await profiles.requireProfileOwning('Stream', streamId)).chats
      const isFullyRead = await subscriptions.isFullyRead(streamId, cursor)
      // The SSE transport reads the flag: it is what stops an EventSource.
      return Object.assign(await subscriptions.subscribeToStream(streamId, cursor), { isFullyRead })
    },
    resolve: (event) => event,
  }),
  followSession: t.field({
    type: ChatEventInterface,
    description:
      'Follows every event of a session, across its streams. Does not end by itself; completed when the session is deleted.',
    args: {
      sessionId: t.arg.id({ required: true, description: 'The session.' }),
      after: t.arg.int({ defaultValue: 0, description: afterDescription }),
    },
    subscribe: async (_, { sessionId, after }, { profiles, lastEventId }) => {
      const cursor = resolveCursor(after, lastEventId)
      return (await profiles.requireProfileOwning('Session', sessionId)).chats.subscriptions.subscribeToSession(
        sessionId,
        cursor,
      )
    },
    resolve: (event) => event,
  }),
}))

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Starts a stream in the profile of the session, or in the profile that the input names. */
async function startStream(
  input: typeof StreamChatInput.$inferInput,
  { profiles, operationId }: Pick<Context, 'profiles' | 'operationId'>,
): Promise<StreamRecord> {
  const sessionId = input.sessionId ?? null
  const requestedProfile =
    typeof input.profile === 'string' ? parseProfileName(input.profile, 'input', 'profile') : null
  const { model = null } = input
  const start = ({ chats, profile }: RequestProfile): Promise<StreamRecord> =>
    withModelPath(model, () =>
      chats.start({
        sessionId,
        profile: profile.name,
        text: input.text,
        files: (input.files ?? []).map(({ name, mediaType, url }) => ({ name: name ?? null, mediaType, url })),
        model,
        idempotencyKey: input.key ?? (operationId !== null && uuidPattern.test(operationId) ? operationId : null),
        ifBusy: input.ifBusy ?? 'REJECT',
      }),
    )
  if (sessionId === null) return profiles.withProfile(requestedProfile ?? defaultProfileName, start)
  const profile = await profiles.requireProfileOwning('Session', sessionId)
  // The named profile has no such session.
  if (requestedProfile !== null && requestedProfile !== profile.profile.name) throw notFound('session', sessionId)
  return start(profile)
}

/** Of what was asked for and what an EventSource says that it had, the greater one. */
function resolveCursor(after: number | null | undefined, lastEventId: number | null = null): number {
  if (typeof after === 'number' && after < 0) throw badInput(`after is 0 or more; it was ${after}.`, 'after')
  return Math.max(after ?? 0, lastEventId ?? 0)
}
