import { defaultProfile } from '../profiles/profile-name.ts'
import { ProfileType } from './refs.ts'

ProfileType.implement({
  description: 'An isolated home: its own database, models and credentials.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name; default is the home itself.' }),
    isDefault: t.boolean({
      description: 'It is the one that is meant when none is named.',
      resolve: ({ name }) => name === defaultProfile,
    }),
  }),
})
