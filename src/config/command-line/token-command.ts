import {
  type ConfiguredRole,
  configuredRoles,
  isConfiguredRole,
  tokenNamePattern,
  tokenNameRule,
} from '../access/access-tokens-schema.ts'
import { configNamePattern, nameRuleDescription } from '../name-rule.ts'
import { type ResolvedPaths, pathSettings, resolvePaths } from '../paths.ts'
import type { SettingsInputs } from '../settings.ts'
import { SettingsReader } from '../settings-reader.ts'
import { type FlagDefinition, parseCommandLine, toFlagDefinitions } from './flags.ts'

export interface TokenCommand {
  readonly name: 'token'
  readonly tokenName: string
  readonly role: ConfiguredRole
  /** Null for an admin, whose token is for all profiles. */
  readonly profiles: readonly string[] | null
  readonly paths: ResolvedPaths
}

export const roleFlag: FlagDefinition = { flag: 'role', argument: '<role>' }

const tokenFlags: readonly FlagDefinition[] = [roleFlag, { flag: 'profile', argument: '<name>', isRepeatable: true }]

/** Parses `segue token <name>`. Throws a SettingsError that lists all problems. */
export function parseTokenCommand({ argv, env, homedir }: SettingsInputs): TokenCommand {
  const { flags, positionals, problems } = parseCommandLine(argv, [...tokenFlags, ...toFlagDefinitions(pathSettings)])
  const reader = new SettingsReader(flags, env)
  reader.report({ problems })
  const paths = resolvePaths(reader, flags, homedir)
  const [, tokenName = '', ...more] = positionals
  const role = flags.get('role') ?? 'user'
  const profiles = flags.get('profile')?.split(',') ?? null
  if (more.length > 0) reader.report({ problems: [`${more.join(' ')}: Unexpected argument. Use segue token <name>.`] })
  if (!tokenNamePattern.test(tokenName))
    reader.report({ problems: [`token: Needs a name for the new token. Must be ${tokenNameRule}.`] })
  if (!isConfiguredRole(role))
    reader.report({ problems: [`--role: Invalid value. Must be ${Object.keys(configuredRoles).join(', ')}.`] })
  if (profiles?.some((profile) => !configNamePattern.test(profile)))
    reader.report({ problems: [`--profile: Invalid value. Must be ${nameRuleDescription}.`] })
  if (role === 'admin' && profiles !== null)
    reader.report({ problems: ['--profile: Not allowed with --role admin, which is for all profiles.'] })
  reader.assertValid()
  // The rest is a role: the problems say so otherwise.
  const validRole = isConfiguredRole(role) ? role : 'read'
  return {
    name: 'token',
    tokenName,
    role: validRole,
    profiles: role === 'admin' ? null : (profiles ?? ['default']),
    paths,
  }
}
