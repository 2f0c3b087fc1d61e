import type { SendMessageRequest } from '../../chat/requests/send-message-request.ts'
import { legacyIdempotencyFingerprints } from '../../chat/requests/legacy-idempotency-fingerprints.ts'
import { createIdNotFoundError } from '../../lib/errors.ts'
import { parseIdKind } from '../../lib/ids.ts'
import type { AcceptedStream } from '../../chat/turn/new-turn.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { idempotencyKeyDescription } from '../idempotency/idempotency-key-argument.ts'
import {
  type IdempotentMutation,
  reloadCreatedRecord,
  toRememberedCreatedId,
} from '../idempotency/idempotent-mutation.ts'
import { withModelArgument } from '../model-argument.ts'
import { IfBusyEnum } from './chat-enums.ts'

export const FileInput = schemaBuilder.inputType('FileInput', {
  description: 'A file to attach to a message.',
  fields: (t) => ({
    name: t.string({
      description:
        'The name of the file: 1 to 200 characters without slashes. Default: no name, or that of the `FilePart`.',
    }),
    mediaType: t.string({
      required: true,
      description:
        'The media type: that of an image (PNG, JPEG, GIF, WebP, HEIC or AVIF) or of a document (PDF, `.docx` or `.xlsx`) of up to 10 MiB, or of a text of up to 1 MiB, which is converted to UTF-8. The content counts, not only the label. HEIC and AVIF become JPEG, `.docx` and `.xlsx` become text. Other types, and files that cannot be read, cause BAD_USER_INPUT, larger files TOO_LARGE.',
    }),
    url: t.string({
      required: true,
      description:
        'A data URL, whose content is stored by Segue; an https URL of an image or a text, which is passed to the model unchanged (Segue downloads no files, so links to other types are BAD_USER_INPUT); or the `url` of a `FilePart` or of an upload (`POST /files`) in the same profile, whose file the message then has too, as if its content had been sent.',
    }),
  }),
})

export const StreamChatInput = schemaBuilder.inputType('StreamChatInput', {
  description: 'A message from the user that starts a stream.',
  fields: (t) => ({
    sessionId: t.id({ description: 'The session of the message. Default: a new session.' }),
    text: t.string({
      required: true,
      description: 'The text: up to 1,000,000 characters. It may be blank only if the message has files.',
    }),
    files: t.field({
      type: [FileInput],
      description: 'The attached files, up to 20: images, documents and text.',
    }),
    model: t.string({
      description:
        'The model that answers, as `<provider>/<name>` or the id of a `Model`. Default: the model of the session.',
    }),
    effort: t.string({
      description:
        'The effort of reasoning: one of `efforts` of the model that answers, else the error is BAD_USER_INPUT. A new session keeps it. Default: the effort of the session, lowered to one that the model has.',
    }),
    profile: t.string({
      description:
        'The profile of a new session. With `sessionId`, the profile that the session must be in. Default: `default` for a new session, the profile of the session otherwise.',
    }),
    key: t.string({
      description: `${idempotencyKeyDescription} \`startChat\` and \`streamChat\` count as one field, and \`ifBusy\` is not compared.`,
    }),
    ifBusy: t.field({
      type: IfBusyEnum,
      defaultValue: 'REJECT',
      description: 'What to do if the session already has an active stream.',
    }),
  }),
})

/** Starts a stream in the profile of the session, or in the profile that the input names. */
export const startChatMutation: IdempotentMutation<
  { readonly input: typeof StreamChatInput.$inferInput },
  AcceptedStream
> = {
  keySpace: ({ input: { sessionId, profile } }) => {
    const profileName = parseProfileName(profile, 'input', 'profile')
    return typeof sessionId === 'string' ? { type: 'Session', ids: [sessionId] } : { profile: profileName }
  },
  execute: ({ input }, { profile: { chats, profile }, key }) => {
    const { sessionId = null, ifBusy } = input
    // The named profile has no such session.
    if (sessionId !== null && typeof input.profile === 'string' && input.profile !== profile.name)
      throw createIdNotFoundError('session', sessionId)
    const argument = { model: input.model, profile: profile.name, path: ['input', 'model'] }
    return withModelArgument(argument, (model) =>
      chats.start({
        sessionId,
        text: input.text,
        files: toMessageFiles(input.files ?? []),
        model,
        effort: input.effort ?? null,
        idempotencyKey: key,
        ifBusy: ifBusy ?? 'REJECT',
      }),
    )
  },
  remember: toRememberedCreatedId,
  reload: async (_, remembered, scope) => {
    const { createdId } = remembered
    if (createdId === null || parseIdKind(createdId) !== 'message')
      return reloadCreatedRecord('Stream', remembered, scope)
    // The message has joined a stream.
    const { steering } = await reloadCreatedRecord('Message', remembered, scope)
    const joined = { ...remembered, createdId: steering?.streamId ?? null }
    return { ...(await reloadCreatedRecord('Stream', joined, scope)), joinedAtSeq: steering?.acceptedSeq ?? 0 }
  },
  applyDefaults: ({ input }) => ({ input: { ...input, files: input.files ?? [] } }),
  legacyFingerprint: ({ input: { sessionId = null, model = null, ...input } }, profileName) =>
    legacyIdempotencyFingerprints.startChat(
      { sessionId, text: input.text, files: toMessageFiles(input.files ?? []), model },
      profileName,
    ),
}

export function toMessageFiles(files: readonly (typeof FileInput.$inferInput)[]): SendMessageRequest['files'] {
  return files.map(({ name, mediaType, url }) => ({ name: name ?? null, mediaType, url }))
}
