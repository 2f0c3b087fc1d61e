import { z } from 'zod'
import { isLoopbackHost } from '../../lib/http/loopback-host.ts'
import { createPatternSchema, strictObject } from '../value-schemas.ts'

const issuerError =
  'Must be the URL of an issuer, as its tokens have it in iss: with https, or http on this machine, without credentials, ? and #.'

/** Whether keys that come from this URL can be believed: nobody between can change them. */
export function isTrustworthyIssuerUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return false
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(host))
}

/** `oidc` in config.json: whose JWTs the server takes, besides its own tokens. */
export const oidcSchema = strictObject('an object with issuer, audience, profilesClaim and roleClaim', {
  issuer: z
    .string({ error: issuerError })
    .refine((text) => isTrustworthyIssuerUrl(text) && !/[?#\s]/.test(text), { error: issuerError }),
  audience: createPatternSchema('the audience that tokens for this server have in aud', /^\S{1,500}$/),
  profilesClaim: createPatternSchema('the name of a claim', /^\S{1,200}$/).default('segue_profiles'),
  roleClaim: createPatternSchema('the name of a claim', /^\S{1,200}$/).default('segue_role'),
})

/** The issuer of OpenID Connect whose JWTs callers may have. */
export type OidcSettings = Readonly<z.output<typeof oidcSchema>>
