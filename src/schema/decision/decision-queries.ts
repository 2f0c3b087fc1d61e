import type { DecisionService } from '../../chat/decisions/decision-service.ts'
import { parseProfileName } from '../../profiles/profile-name.ts'
import { profileArgs } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import type { Context } from '../context.ts'
import { ApprovalObjectType, ClarificationObjectType } from '../object-refs.ts'

const pendingArgs = schemaBuilder.args((t) => ({
  pending: t.boolean({
    defaultValue: true,
    description: 'True: only pending ones. False: only resolved ones. At most the newest 1,000 are returned.',
  }),
}))

schemaBuilder.queryFields((t) => ({
  approvals: t.field({
    type: [ApprovalObjectType],
    description: 'The approvals of a profile, in the order of their last change.',
    args: { ...profileArgs, ...pendingArgs },
    resolve: async (_, args, context) =>
      (await findDecisions(args.profile, context))?.list('approval', { isPending: args.pending ?? true }) ?? [],
  }),
  clarifications: t.field({
    type: [ClarificationObjectType],
    description: 'The clarifications of a profile, in the order of their last change.',
    args: { ...profileArgs, ...pendingArgs },
    resolve: async (_, args, context) =>
      (await findDecisions(args.profile, context))?.list('clarification', { isPending: args.pending ?? true }) ?? [],
  }),
}))

/** The decisions of a profile; null if the profile does not exist. Throws BAD_USER_INPUT for an invalid name. */
async function findDecisions(name: string | null | undefined, { profiles }: Context): Promise<DecisionService | null> {
  return (await profiles.findProfile(parseProfileName(name, 'profile')))?.chats.decisions ?? null
}
