import { z } from 'zod'
import type { Viewer, ViewerRole } from '../../model/viewer.ts'
import { configNamePattern, nameRuleDescription } from '../name-rule.ts'
import { createPatternSchema, strictObject } from '../value-schemas.ts'

/** A token that callers may have. Only its hash is stored. */
export interface AccessToken {
  /** The SHA-256 of the token's text, in lowercase hex. */
  readonly sha256: string
  readonly viewer: Viewer
}

/** The roles as `config.json` and the command line spell them. */
export const configuredRoles = { read: 'READ', user: 'USER', admin: 'ADMIN' } as const satisfies Record<
  string,
  ViewerRole
>

export type ConfiguredRole = keyof typeof configuredRoles

export function isConfiguredRole(text: string): text is ConfiguredRole {
  return Object.hasOwn(configuredRoles, text)
}

export const tokenNameRule = '1 to 64 visible characters'
export const tokenNamePattern = /^(?! )[^\p{C}\p{Zl}\p{Zp}]{1,64}(?<! )$/u

const roleError = 'Must be read, user or admin.'
const profilesError = 'Must be a list of one or more profiles, such as ["default"].'

const accessTokenSchema = strictObject('an object with name, sha256, role and profiles', {
  name: createPatternSchema(tokenNameRule, tokenNamePattern),
  sha256: createPatternSchema(
    'the SHA-256 of a token, 64 hexadecimal digits, as segue token prints it',
    /^[0-9a-f]{64}$/i,
  ),
  role: z.string({ error: roleError }).refine(isConfiguredRole, { error: roleError }).default('read'),
  profiles: z
    .array(createPatternSchema(nameRuleDescription, configNamePattern), { error: profilesError })
    .min(1, { error: profilesError })
    .optional(),
})
  .refine(({ role, profiles }) => role !== 'admin' || profiles === undefined, {
    path: ['profiles'],
    error: 'A token with the role admin is for all profiles. Remove profiles, or use the role user.',
  })
  .transform(({ name, sha256, role, profiles }): AccessToken => ({
    sha256: sha256.toLowerCase(),
    viewer: { name, role: configuredRoles[role], profiles: role === 'admin' ? 'all' : (profiles ?? ['default']) },
  }))

/** `tokens` in config.json. */
export const accessTokensSchema = z
  .array(accessTokenSchema, { error: 'Must be a list of tokens, as segue token prints them.' })
  .superRefine((tokens, context) => {
    for (const [index, { sha256, viewer }] of tokens.entries()) {
      const others = tokens.slice(0, index)
      if (others.some((other) => other.sha256 === sha256))
        context.addIssue({ code: 'custom', path: [index, 'sha256'], message: 'Another entry has the same token.' })
      if (others.some((other) => other.viewer.name === viewer.name))
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'Another token has the same name.' })
    }
  })
