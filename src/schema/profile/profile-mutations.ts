import { nameRuleDescription } from '../../config/name-rule.ts'
import { createIdNotFoundError } from '../../lib/errors.ts'
import { toProfileId } from '../../profiles/profile-id.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import { createIdempotentResolver } from '../idempotency/idempotent-mutation.ts'
import type { IdempotencyKeyProfileSelector } from '../idempotency/idempotency-key-profile-selector.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ProfileObjectType } from '../object-refs.ts'
import { profileExists } from './profile-model.ts'

schemaBuilder.mutationFields((t) => ({
  createProfile: t.field({
    type: ProfileObjectType,
    nullable: true,
    description:
      'Creates an empty profile. The error is BAD_USER_INPUT if it exists. Creating a session or a job in a profile creates the profile as well.',
    args: {
      name: t.arg.string({ required: true, description: `The name: ${nameRuleDescription}.` }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ name }, { profiles }) => toKeySpace(name, profiles.visible.sharedKeyProfile),
      execute: async ({ name }, { context, isResumed, begin }) => {
        await begin()
        if (!isResumed || !(await profileExists(name, context))) await context.profiles.visible.create(name)
        return { name }
      },
      remember: ({ name }) => ({ createdId: toProfileId(name) }),
      reload: async ({ name }, { createdId }, { context }) => {
        if (createdId === null || !(await profileExists(name, context))) throw createIdNotFoundError('profile', name)
        return { name }
      },
    }),
  }),
  deleteProfile: t.id({
    nullable: true,
    description:
      'Closes a profile, moves its folder to the trash of the home, and returns its id. No data is erased. The error is SESSION_BUSY while a stream is active in the profile, and BAD_USER_INPUT for `default`.',
    args: {
      name: t.arg.string({ required: true, description: 'The name of the profile.' }),
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      keySpace: ({ name }, { profiles }) => toKeySpace(name, profiles.visible.sharedKeyProfile),
      execute: async ({ name }, { context, profile, isResumed, begin }) => {
        await begin()
        if (!isResumed || (await profileExists(name, context))) await context.profiles.visible.delete(name)
        await profile.idempotentCalls.releaseCreated(toProfileId(name))
        return toProfileId(name)
      },
      reload: async ({ name }) => toProfileId(name),
    }),
  }),
}))

/** Profiles do not keep the keys of their own creation and deletion. Throws BAD_USER_INPUT for an invalid name. */
function toKeySpace(name: string, profile: string): IdempotencyKeyProfileSelector {
  parseProfileName(name, 'name')
  return { profile }
}
