import { createBadInputError, createIdNotFoundError } from '../../lib/errors.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { createCompletedIdempotencyKeyRecord } from '../../storage/idempotency-key.ts'
import { profileArgs } from '../arguments.ts'
import { idempotencyKeyArgs } from '../idempotency/idempotency-key-argument.ts'
import { createIdempotentResolver } from '../idempotency/idempotent-mutation.ts'
import { ProfileObjectType } from '../object-refs.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { profileExists } from './profile-model.ts'

schemaBuilder.mutationField('forgetApproval', (t) =>
  t.field({
    type: ProfileObjectType,
    nullable: true,
    description:
      'Has a tool ask for approval again. With `id`, takes back one rule; with `tool`, all rules of a tool in the profile and in its sessions. The error is BAD_USER_INPUT unless exactly one of the two is given, and NOT_FOUND for an unknown rule.',
    args: {
      id: t.arg.id({ description: 'The id of a rule in `Profile.approvalRules`.' }),
      tool: t.arg.string({ description: 'The name of a tool.' }),
      ...profileArgs,
      ...idempotencyKeyArgs,
    },
    resolve: createIdempotentResolver({
      // A profile that does not exist has nothing to forget, and is not created to keep a key.
      keySpace: async ({ profile, ...args }, context) => {
        const target = parseTarget(args)
        if ('id' in target) return { type: 'ApprovalRule', ids: [target.id] }
        const name = parseProfileName(profile, 'profile')
        return { profile: (await profileExists(name, context)) ? name : context.profiles.visible.sharedKeyProfile }
      },
      execute: async ({ profile, ...args }, { context, profile: owner, key }) => {
        const target = parseTarget(args)
        const storedKey = key && createCompletedIdempotencyKeyRecord(key)
        if ('id' in target) {
          const isDeleted = await owner.profile.approvalRules.delete(target.id, storedKey)
          if (!isDeleted) throw createIdNotFoundError('approval rule', target.id)
          return { name: owner.profile.name }
        }
        const name = parseProfileName(profile, 'profile')
        const found = await context.profiles.findProfile(name)
        await found?.profile.approvalRules.deleteForTool(target.tool, storedKey)
        return { name }
      },
      reload: async ({ id, profile }, _, { profile: owner }) => ({
        name: typeof id === 'string' ? owner.profile.name : parseProfileName(profile, 'profile'),
      }),
    }),
  }),
)

interface ForgetApprovalArguments {
  readonly id?: string | null | undefined
  readonly tool?: string | null | undefined
}

function parseTarget({ id, tool }: ForgetApprovalArguments): { readonly id: string } | { readonly tool: string } {
  if (typeof id === 'string' && typeof tool !== 'string') return { id }
  if (typeof tool === 'string' && typeof id !== 'string') return { tool }
  const message = 'The request must name what to forget. Give exactly one of id and tool.'
  throw createBadInputError(message, typeof id === 'string' ? 'id' : 'tool')
}
