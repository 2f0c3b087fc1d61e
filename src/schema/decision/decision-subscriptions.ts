import { parseProfileName } from '../../profiles/profile-name.ts'
import { profileArgs } from '../arguments.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { ApprovalObjectType, ClarificationObjectType } from '../object-refs.ts'

schemaBuilder.subscriptionFields((t) => ({
  approvals: t.field({
    type: ApprovalObjectType,
    description:
      'Emits every approval of a profile that is pending, then each approval that is requested or resolved. Completes only when the profile is deleted.',
    args: profileArgs,
    subscribe: (_, args, { profiles }) =>
      profiles.subscribe(parseProfileName(args.profile, 'profile'), ({ chats }) =>
        chats.decisions.subscribe('approval'),
      ),
    resolve: (approval) => approval,
  }),
  clarifications: t.field({
    type: ClarificationObjectType,
    description:
      'Emits every clarification of a profile that is pending, then each clarification that is requested or resolved. Completes only when the profile is deleted.',
    args: profileArgs,
    subscribe: (_, args, { profiles }) =>
      profiles.subscribe(parseProfileName(args.profile, 'profile'), ({ chats }) =>
        chats.decisions.subscribe('clarification'),
      ),
    resolve: (clarification) => clarification,
  }),
}))
