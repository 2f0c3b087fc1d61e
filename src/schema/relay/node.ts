import { schemaBuilder } from '../schema-builder.ts'

schemaBuilder.queryField('node', (t) =>
  t.field({
    type: schemaBuilder.nodeInterfaceRef(),
    nullable: true,
    description:
      'The object with this id, in any profile: a session, conversation, message, stream, approval, approval rule, clarification, job, run, profile or model. Null if there is none.',
    args: { id: t.arg.id({ required: true, description: 'The id of the object.' }) },
    resolve: async (_, { id }, { profiles }) => {
      const found = await profiles.findNode(id)
      return found && { ...found.record, __typename: found.type }
    },
  }),
)
