import { parseProfileName } from '../../profiles/profile-name.ts'
import { profileArgs } from '../arguments.ts'
import { ApprovalObjectType, ClarificationObjectType } from '../object-refs.ts'
import { schemaBuilder } from '../schema-builder.ts'
import { loadCurrentDecision } from './load-current-decision.ts'

const settledSinceArgs = schemaBuilder.args((t) => ({
  settledSince: t.field({
    type: 'DateTime',
    description:
      'The time from which those that were resolved are emitted: give the time at which your page was loaded, so that a dialog that was settled during a disconnect is closed. Default: an hour ago.',
  }),
}))

schemaBuilder.subscriptionFields((t) => ({
  approvals: t.field({
    type: ApprovalObjectType,
    description:
      'Emits every approval of a profile that is pending, then those that were resolved after `settledSince`, oldest first, at most the newest 1,000, then each approval that is requested or resolved. Completes only when the profile is deleted.',
    args: { ...profileArgs, ...settledSinceArgs },
    subscribe: (_, { profile, settledSince = null }, { profiles }) =>
      profiles.subscribe(parseProfileName(profile, 'profile'), ({ chats }) =>
        chats.decisions.subscribe('approval', settledSince),
      ),
    resolve: (approval, _, { profiles }) => loadCurrentDecision('Approval', approval, profiles),
  }),
  clarifications: t.field({
    type: ClarificationObjectType,
    description:
      'Emits every clarification of a profile that is pending, then those that were resolved after `settledSince`, oldest first, at most the newest 1,000, then each clarification that is requested or resolved. Completes only when the profile is deleted.',
    args: { ...profileArgs, ...settledSinceArgs },
    subscribe: (_, { profile, settledSince = null }, { profiles }) =>
      profiles.subscribe(parseProfileName(profile, 'profile'), ({ chats }) =>
        chats.decisions.subscribe('clarification', settledSince),
      ),
    resolve: (clarification, _, { profiles }) => loadCurrentDecision('Clarification', clarification, profiles),
  }),
}))
