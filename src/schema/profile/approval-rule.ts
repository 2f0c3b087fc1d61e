import { schemaBuilder } from '../schema-builder.ts'
import { ApprovalRuleObjectType, ProfileObjectType, SessionObjectType } from '../object-refs.ts'

ApprovalRuleObjectType.implement({
  description:
    'What a user has allowed without being asked again, by answering an approval with SESSION or ALWAYS. See `forgetApproval`.',
  interfaces: [schemaBuilder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id of the rule: `rul_…`.' }),
    tool: t.exposeString('tool', { description: 'The name of the tool.' }),
    pattern: t.field({
      type: 'JSON',
      nullable: true,
      description:
        'The arguments that calls must have, by name. `*` in a string stands for any text; everything else is compared as a whole. An argument that is not named is free. A path with `..` matches no pattern. Null: any arguments.',
      resolve: ({ pattern }) => pattern,
    }),
    since: t.field({
      type: 'DateTime',
      description: 'The time of the answer; of one from before rules were kept, the time of the update.',
      resolve: ({ since }) => since,
    }),
    session: t.field({
      type: SessionObjectType,
      nullable: true,
      description:
        'The session in which the rule counts. When another session continues it, the rule moves there. Null for ALWAYS: the rule counts in the whole profile.',
      resolve: ({ sessionId }, _, { profiles }) => (sessionId === null ? null : profiles.find('Session', sessionId)),
    }),
  }),
})

schemaBuilder.objectField(ProfileObjectType, 'approvalRules', (t) =>
  t.field({
    type: [ApprovalRuleObjectType],
    description:
      'What is allowed without asking, by the answers SESSION and ALWAYS: newest first, at most 1,000. The rules of `config.json` are not among them.',
    resolve: async ({ name }, _, { profiles }) =>
      (await profiles.findProfile(name))?.profile.approvalRules.list() ?? [],
  }),
)
