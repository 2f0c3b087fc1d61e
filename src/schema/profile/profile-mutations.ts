import { nameRuleDescription } from '../../config/name-rule.ts'
import { createBadInputError, createIdNotFoundError } from '../../lib/errors.ts'
import { toProfileId } from '../../profiles/profile-id.ts'
import { defaultProfileName, parseProfileName } from '../../profiles/profile-name.ts'
import { createCompletedIdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import { profileArgs } from '../arguments.ts'
import type { Context } from '../context.ts'
import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import { createIdempotentResolver } from '../idempotency/idempotent-mutation.ts'
import type { IdempotencyKeyProfileSelector } from '../idempotency/idempotency-key-profile-selector.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ProfileObjectType } from '../object-refs.ts'

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
      keySpace: ({ name }) => toKeySpace(name),
      execute: async ({ name }, { context, isResumed, begin }) => {
        await begin()
        if (!isResumed || !(await exists(name, context))) await context.profiles.registry.create(name)
        return { name }
      },
      remember: ({ name }) => ({ createdId: toProfileId(name) }),
      reload: async ({ name }, { createdId }, { context }) => {
        if (createdId === null || !(await exists(name, context))) throw createIdNotFoundError('profile', name)
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
      keySpace: ({ name }) => toKeySpace(name),
      execute: async ({ name }, { context, profile, isResumed, begin }) => {
        await begin()
        if (!isResumed || (await exists(name, context))) await context.profiles.registry.delete(name)
        await profile.idempotentCalls.releaseCreated(toProfileId(name))
        return toProfileId(name)
      },
      reload: async ({ name }) => toProfileId(name),
    }),
  }),
}))

schemaBuilder.mutationFields((t) => ({
  forgetApproval: t.field({
    type: ProfileObjectType,
    nullable: true,
    description:
      'Makes a tool ask for approval again. Revokes the answer ALWAYS in the profile and the answers SESSION in all its sessions.',
    args: {
      tool: t.arg.string({ description: 'The name of the tool. The error is BAD_USER_INPUT if it is left out.' }),
      ...profileArgs,
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      // A profile that does not exist has nothing to forget, and is not created to keep a key.
      keySpace: async ({ tool, profile }, context) => {
        requireTool(tool)
        const name = parseProfileName(profile, 'profile')
        return { profile: (await exists(name, context)) ? name : defaultProfileName }
      },
      execute: async ({ tool, profile }, { context, key }) => {
        const name = parseProfileName(profile, 'profile')
        const target = await context.profiles.findProfile(name)
        await target?.profile.decisions.revokeGrants(requireTool(tool), key && createCompletedIdempotencyKeyRecord(key))
        return { name }
      },
      reload: async ({ profile }) => ({ name: parseProfileName(profile, 'profile') }),
    }),
  }),
}))

function requireTool(tool: string | null | undefined): string {
  if (typeof tool === 'string') return tool
  throw createBadInputError('The request names no tool. Give the name of one.', 'tool')
}

/** Profiles do not keep the keys of their own creation and deletion. Throws BAD_USER_INPUT for an invalid name. */
function toKeySpace(name: string): IdempotencyKeyProfileSelector {
  parseProfileName(name, 'name')
  return { profile: defaultProfileName }
}

async function exists(name: string, { profiles }: Context): Promise<boolean> {
  return (await profiles.registry.listNames()).includes(name)
}
