import { parseProfileName } from '../../profiles/profile-name.ts'
import { profileArgs } from '../arguments.ts'
import { builder } from '../builder.ts'
import { ApprovalType, ClarificationType } from '../object-refs.ts'

builder.subscriptionFields((t) => ({
  approvals: t.field({
    type: ApprovalType,
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
    type: ClarificationType,
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
