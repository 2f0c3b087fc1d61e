import { assertModelTakesEffort } from '../../agent/models/efforts/assert-takes-effort.ts'
import { legacyIdempotencyFingerprints } from '../../chat/requests/legacy-idempotency-fingerprints.ts'
import { parseInstructions } from '../../model/answer-settings/instructions.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { idempotencyKeyArgs, idempotencyKeyDescription } from '../idempotency/idempotency-key-argument.ts'
import {
  reloadCreatedRecord,
  toRememberedCreatedId,
  createIdempotentResolver,
} from '../idempotency/idempotent-mutation.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { SessionObjectType } from '../object-refs.ts'
import { instructionsLengthDescription } from './instructions-description.ts'
import type { RequestProfile } from '../request-profile.ts'
import { withModelArgument } from '../model-argument.ts'

const CreateSessionInput = schemaBuilder.inputType('CreateSessionInput', {
  description: 'The properties of a new session.',
  fields: (t) => ({
    key: t.string({ description: idempotencyKeyDescription }),
    title: t.string({ description: 'The title: 1 to 200 characters on one line. Default: no title.' }),
    profile: t.string({
      description: 'The profile of the session, which is created if it does not exist. Default: `default`.',
    }),
    model: t.string({
      description:
        'The model of the session, as `<provider>/<name>` or the id of a `Model`. Default: the default model of the profile.',
    }),
    effort: t.string({
      description:
        'The effort of reasoning of its answers: one of `efforts` of the model. Default: that of the session that it continues, if any, else the default of the model.',
    }),
    instructions: t.string({
      description: `The instructions (system prompt) for the model: ${instructionsLengthDescription} Default: those of the session that it continues, if any, else those of the profile.`,
    }),
    continues: t.id({
      description:
        'The id of a session that the new session continues, usually a Hermes session. The new session inherits its title, and its messages become the context of the new session. The error is BAD_USER_INPUT unless that session ended with `compression` or `cli_close`.',
    }),
  }),
})

schemaBuilder.mutationFields((t) => ({
  createSession: t.field({
    type: SessionObjectType,
    nullable: true,
    description: 'Creates an empty session, or a session that continues another one.',
    args: { input: t.arg({ type: CreateSessionInput, required: true, description: 'The new session.' }) },
    resolve: createIdempotentResolver({
      keySpace: ({ input }) => ({ profile: parseProfileName(input.profile, 'input', 'profile') }),
      execute: ({ input }, { profile: { profile, models, sessions }, key }) => {
        const { title = null, continues = null, effort = null } = input
        const instructions = parseInstructions(input.instructions ?? '')
        const argument = { model: input.model, profile: profile.name, path: ['input', 'model'] }
        return withModelArgument(argument, async (model) => {
          if (model !== null) models.assertKnown(model)
          if (effort !== null) await assertNewSessionTakesEffort({ model, effort, continues }, { models, sessions })
          return sessions.create({ title, model, instructions, effort, continues }, key)
        })
      },
      remember: toRememberedCreatedId,
      reload: (_, remembered, scope) => reloadCreatedRecord('Session', remembered, scope),
    }),
  }),
  forkSession: t.field({
    type: SessionObjectType,
    nullable: true,
    description:
      'Creates a session that starts with a copy of the messages up to and including `messageId`. Works for Segue and Hermes sessions. The error is SESSION_BUSY while that message is streaming.',
    args: {
      messageId: t.arg.id({ required: true, description: 'The id of the last message to copy.' }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ messageId }) => ({ type: 'Message', ids: [messageId] }),
      execute: ({ messageId }, { profile, key }) => profile.chats.fork(messageId, key),
      remember: toRememberedCreatedId,
      reload: (_, remembered, scope) => reloadCreatedRecord('Session', remembered, scope),
    }),
  }),
  compactSession: t.field({
    type: SessionObjectType,
    nullable: true,
    description: [
      'Summarises the session, ends it with the `endReason` `compression`, and returns the session that continues it with the summary as its context. The newest turns are not summarised: they stay in the ended session, and the model is sent them after the summary.',
      'The session is busy meanwhile, and `compacting` is true: a chat with QUEUE waits for the end, and one with INTERRUPT cancels the compaction.',
      'Errors, after which the session goes on: SESSION_BUSY while a stream runs or waits or it is already being compacted, STALE if it has already been continued, BAD_USER_INPUT if there is nothing to summarise, PROVIDER if the model could not write a summary, or if the last two were hardly shorter than what they replace.',
    ].join('\n\n'),
    args: {
      id: t.arg.id({ required: true, description: 'The id of the session.' }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ id }) => ({ type: 'Session', ids: [id] }),
      execute: ({ id }, { profile, key }) => profile.chats.compact(id, key),
      remember: toRememberedCreatedId,
      reload: (_, remembered, scope) => reloadCreatedRecord('Session', remembered, scope),
      legacyFingerprint: ({ id }) => legacyIdempotencyFingerprints.compactSession(id),
    }),
  }),
}))

/** Throws BAD_USER_INPUT if the model that a new session has, or takes over, does not take its effort. */
async function assertNewSessionTakesEffort(
  input: { readonly model: string | null; readonly effort: string; readonly continues: string | null },
  { models, sessions }: Pick<RequestProfile, 'models' | 'sessions'>,
): Promise<void> {
  const { model, effort, continues } = input
  const parent = model === null && continues !== null ? await sessions.find(continues) : null
  const modelId = model ?? (parent?.origin === 'SEGUE' ? parent.model : null)
  await assertModelTakesEffort(models, modelId, effort, 'input', 'effort')
}
