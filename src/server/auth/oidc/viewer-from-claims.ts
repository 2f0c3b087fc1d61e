import { z } from 'zod'
import { configuredRoles, isConfiguredRole, tokenNamePattern } from '../../../config/access/access-tokens-schema.ts'
import type { OidcSettings } from '../../../config/access/oidc-schema.ts'
import { configNamePattern } from '../../../config/name-rule.ts'
import { hasRole, type Viewer, type ViewerRole } from '../../../model/viewer.ts'

/** A text, or a list in which only the texts count. */
const textsSchema = z
  .union([z.string().transform((text): unknown[] => [text]), z.array(z.unknown())])
  .transform((values) => values.filter((value): value is string => typeof value === 'string'))
  .catch((): string[] => [])

/**
 * Who a verified JWT stands for. What its claims do not say clearly is the least: the role READ, the profile `default`. A
 * claim with several roles gives the most powerful one that is known.
 */
export function toViewer(
  claims: Readonly<Record<string, unknown>>,
  subject: string,
  { profilesClaim, roleClaim }: Pick<OidcSettings, 'profilesClaim' | 'roleClaim'>,
): Viewer {
  const role = textsSchema
    .parse(claims[roleClaim])
    .filter(isConfiguredRole)
    .map((name): ViewerRole => configuredRoles[name])
    .reduce((best, next) => (hasRole({ role: best }, next) ? best : next), 'READ')
  const profiles = textsSchema.parse(claims[profilesClaim]).filter((name) => configNamePattern.test(name))
  const isName = (value: unknown): value is string => typeof value === 'string' && tokenNamePattern.test(value)
  return {
    name: [claims['preferred_username'], claims['email']].find(isName) ?? subject,
    role,
    profiles: role === 'ADMIN' ? 'all' : profiles.length > 0 ? [...new Set(profiles)] : ['default'],
  }
}
