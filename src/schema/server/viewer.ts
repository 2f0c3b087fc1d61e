import type { Viewer } from '../../model/viewer.ts'
import { ProfileObjectType } from '../object-refs.ts'
import { schemaBuilder } from '../schema-builder.ts'

const ViewerRoleEnum = schemaBuilder.enumType('ViewerRole', {
  description: 'What a viewer may do. Each role includes those before it. What a role does not allow is FORBIDDEN.',
  values: {
    READ: { description: 'Queries, and subscriptions that start nothing, in the profiles of the token.' },
    USER: { description: 'Changes as well, in the same profiles: chats, answers to approvals, jobs.' },
    ADMIN: { description: 'Everything, in all profiles. Only this role creates and deletes profiles.' },
  } as const,
})

export const ViewerType = schemaBuilder.objectRef<Viewer>('Viewer').implement({
  description:
    'Who asks. For a viewer, only the profiles of its token exist: everything else is answered like what does not exist.',
  fields: (t) => ({
    name: t.exposeString('name', {
      nullable: true,
      description:
        'The name of the token, as `tokens` in `config.json` has it, or of the user whom the issuer of the token names. Null if the server has no tokens.',
    }),
    role: t.expose('role', {
      type: ViewerRoleEnum,
      description: 'What the viewer may do. It is ADMIN if the server has no tokens.',
    }),
    profiles: t.field({
      type: [ProfileObjectType],
      description: 'The profiles that exist for the viewer: `default` first, then by name.',
      resolve: async (_, __, { profiles }) => (await profiles.visible.listNames()).map((name) => ({ name })),
    }),
  }),
})
