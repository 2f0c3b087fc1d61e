import { z } from 'zod'
import { defineSetting } from '../setting-definition.ts'
import { createPatternSchema } from '../value-schemas.ts'

const urlError = 'Must be the URL of a PostgreSQL database, such as postgres://user:password@host:5432/segue.'

/** The URL of a PostgreSQL database. */
export const databaseUrlSchema = z
  .string({ error: urlError })
  .refine((text) => /^postgres(ql)?:\/\//.test(text) && isUrl(text), { error: urlError })

/** A Unix socket is a host with escaped slashes, which only the driver of PostgreSQL accepts. */
function isUrl(text: string): boolean {
  return URL.canParse(text.replace(/%2f/gi, '-'))
}

/** The settings that say where sessions and everything else are stored. */
export const storageSettingDefinitions = {
  database: defineSetting<string, null>({
    flag: 'database',
    argument: '<url>',
    env: 'SEGUE_DATABASE_URL',
    key: 'database',
    isSecret: true,
    scope: 'server',
    default: null,
    defaultText: 'none: SQLite in the home',
    description:
      'PostgreSQL database that holds everything, for any number of servers: postgres://user:password@host/name.',
    schema: databaseUrlSchema,
  }),
  databaseListenUrl: defineSetting<string, null>({
    env: 'SEGUE_DATABASE_LISTEN_URL',
    key: 'databaseListenUrl',
    isSecret: true,
    scope: 'server',
    default: null,
    defaultText: 'the URL of the database',
    description: 'The same database without PgBouncer in between: notifications need a connection of their own.',
    schema: databaseUrlSchema,
  }),
  databaseSchema: defineSetting<string, string>({
    env: 'SEGUE_DATABASE_SCHEMA',
    key: 'databaseSchema',
    scope: 'server',
    default: 'segue',
    description: 'Schema in the database, which the first start creates. Each installation has its own.',
    schema: createPatternSchema('up to 63 lower-case letters, digits and underscores', /^[a-z_][a-z0-9_]{0,62}$/),
  }),
}
