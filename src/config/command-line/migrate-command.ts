import { resolvePaths } from '../paths.ts'
import { settingDefinitions } from '../setting-definitions.ts'
import type { SettingsInputs } from '../settings.ts'
import { SettingsReader } from '../settings-reader.ts'
import { databaseUrlSchema } from '../storage/storage-setting-definitions.ts'
import { type FlagDefinition, parseCommandLine, toFlagDefinitions } from './flags.ts'

/** Copies everything between a home and a database. */
export interface MigrateCommand {
  readonly name: 'migrate'
  readonly home: string
  /** Whether the home is copied to the database, rather than the other way round. */
  readonly isToDatabase: boolean
  readonly database: { readonly url: string; readonly schema: string }
}

export const migrateFlags: readonly FlagDefinition[] = [
  { flag: 'to', argument: '<url>' },
  { flag: 'from', argument: '<url>' },
]

/** Parses `segue migrate --to <url>` or `--from <url>`. Throws a SettingsError that lists all problems. */
export function parseMigrateCommand({ argv, env, homedir }: SettingsInputs): MigrateCommand {
  const { flags, positionals, problems } = parseCommandLine(argv, [
    ...migrateFlags,
    ...toFlagDefinitions([settingDefinitions.home]),
  ])
  const reader = new SettingsReader(flags, env)
  reader.report({ problems })
  const { home } = resolvePaths(reader, flags, homedir)
  const [to, from] = [flags.get('to') ?? null, flags.get('from') ?? null]
  const { value: schema } = reader.read(settingDefinitions.databaseSchema)
  const [, ...more] = positionals
  if (more.length > 0)
    reader.report({
      problems: [`${more.join(' ')}: Unexpected argument. Use segue migrate --to <url>, or --from <url>.`],
    })
  const isAmbiguous = (to === null) === (from === null)
  if (isAmbiguous && problems.length === 0)
    reader.report({ problems: ['migrate: Needs either --to <url> or --from <url>: the URL of a PostgreSQL database.'] })
  const url = to ?? from ?? ''
  const parsed = databaseUrlSchema.safeParse(url)
  if (!isAmbiguous && !parsed.success)
    reader.report({ problems: [`--${to === null ? 'from' : 'to'}: Invalid value. ${parsed.error.issues[0]?.message}`] })
  reader.assertValid()
  return { name: 'migrate', home, isToDatabase: to !== null, database: { url, schema } }
}
