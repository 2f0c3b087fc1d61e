import { createIdNotFoundError } from '../../lib/errors.ts'
import type { StreamRecord } from '../../model/stream.ts'
import { defaultProfileName, parseProfileName } from '../../profiles/profile-name.ts'
import { schemaBuilder } from '../schema-builder.ts'
import type { Context } from '../context.ts'
import type { RequestProfile } from '../request-profile.ts'
import { withModelErrorPath } from '../with-model-error-path.ts'
import { IfBusyEnum } from './chat-enums.ts'

const FileInput = schemaBuilder.inputType('FileInput', {
  description: 'A file to attach to a message.',
  fields: (t) => ({
    name: t.string({ description: 'The name of the file: 1 to 200 characters without slashes. Default: no name.' }),
    mediaType: t.string({
      required: true,
      description:
        'The media type: `image/png`, `image/jpeg`, `image/gif` or `image/webp` for images of up to 10 MiB; `text/plain`, other text types, `application/json` and the like for text of up to 1 MiB in UTF-8. Other types cause BAD_USER_INPUT, larger files TOO_LARGE.',
    }),
    url: t.string({
      required: true,
      description:
        'A data URL, whose content is stored by Segue, or an https URL, which is passed to the model unchanged.',
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
      description: 'The attached files, up to 20: images (PNG, JPEG, GIF, WebP) and text.',
    }),
    model: t.string({
      description: 'The model that answers, as `<provider>/<name>`. Default: the model of the session.',
    }),
    profile: t.string({
      description:
        'The profile of a new session. With `sessionId`, the profile that the session must be in. Default: `default` for a new session, the profile of the session otherwise.',
    }),
    key: t.string({
      description: [
        'An idempotency key chosen by the client: 1 to 200 characters, unique in the profile, kept as long as the session. The same key with the same `sessionId`, `text`, `files`, `model` and `profile` returns the same stream; with other values the error is IDEMPOTENCY_MISMATCH. A refused message keeps no key.',
        'Over WebSocket, `streamChat` without a key uses the id of the subscribe message if it is a UUID. The library graphql-ws repeats that id when it reconnects.',
      ].join('\n\n'),
    }),
    ifBusy: t.field({
      type: IfBusyEnum,
      defaultValue: 'REJECT',
      description: 'What to do if the session already has an active stream.',
    }),
  }),
})

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Starts a stream in the profile of the session, or in the profile that the input names. */
export async function startStream(
  input: typeof StreamChatInput.$inferInput,
  { profiles, operationId }: Pick<Context, 'profiles' | 'operationId'>,
): Promise<StreamRecord> {
  const sessionId = input.sessionId ?? null
  const requestedProfile =
    typeof input.profile === 'string' ? parseProfileName(input.profile, 'input', 'profile') : null
  const { model = null } = input
  const start = ({ chats, profile }: RequestProfile): Promise<StreamRecord> =>
    withModelErrorPath(model, () =>
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
  if (requestedProfile !== null && requestedProfile !== profile.profile.name)
    throw createIdNotFoundError('session', sessionId)
  return start(profile)
}
