import { z } from 'zod'
import { allowedOriginsSchema } from '../http/allowed-origins-schema.ts'
import { defineSetting } from '../setting-definition.ts'
import { createPatternSchema, parseBoolean, parseList, pathSchema } from '../value-schemas.ts'
import { type AccessToken, accessTokensSchema } from './access-tokens-schema.ts'
import { hostSchema, hostsSchema } from './host-schema.ts'
import { oidcSchema, type OidcSettings } from './oidc-schema.ts'

const noTexts: readonly string[] = []
const noTokens: readonly AccessToken[] = []

/** The settings that say where the server can be reached, and by whom. */
export const accessSettingDefinitions = {
  host: defineSetting({
    flag: 'host',
    argument: '<name>',
    env: 'SEGUE_HOST',
    key: 'host',
    scope: 'server',
    default: '127.0.0.1',
    description:
      'Name or address to listen on. With any other than localhost, an address in 127.0.0.0/8 or ::1, callers need tokens.',
    schema: hostSchema,
  }),
  publicHosts: defineSetting<readonly string[], readonly string[]>({
    flag: 'public-host',
    argument: '<name>',
    isRepeatable: true,
    env: 'SEGUE_PUBLIC_HOST',
    key: 'publicHosts',
    scope: 'server',
    default: noTexts,
    defaultText: 'none',
    description:
      'Further name or address by which clients reach the server, such as chat.example.com. Callers need tokens then. The flag can be repeated; the variable has commas between names, config.json a list.',
    schema: hostsSchema,
    parseText: parseList,
  }),
  trustProxy: defineSetting<boolean, boolean>({
    flag: 'trust-proxy',
    flagValue: true,
    env: 'SEGUE_TRUST_PROXY',
    key: 'trustProxy',
    scope: 'server',
    default: false,
    description:
      'Whether a proxy in front of the server says who the client is, with X-Forwarded-For and X-Forwarded-Proto. Callers need tokens then, and only the proxy may reach the port.',
    schema: z.boolean({ error: 'Must be 1, true, 0 or false.' }),
    parseText: parseBoolean,
  }),
  tlsCertificate: defineSetting<string, null>({
    flag: 'tls-cert',
    argument: '<file>',
    env: 'SEGUE_TLS_CERT',
    key: 'tlsCert',
    scope: 'server',
    default: null,
    defaultText: 'none: plain HTTP',
    description: 'Certificate of the server with its chain, in PEM. A renewed file is used without a restart.',
    schema: pathSchema,
  }),
  tlsKey: defineSetting<string, null>({
    flag: 'tls-key',
    argument: '<file>',
    env: 'SEGUE_TLS_KEY',
    key: 'tlsKey',
    scope: 'server',
    default: null,
    defaultText: 'none',
    description: 'Private key of the certificate, in PEM, without a passphrase.',
    schema: pathSchema,
  }),
  tokens: defineSetting<readonly AccessToken[], readonly AccessToken[]>({
    key: 'tokens',
    scope: 'server',
    default: noTokens,
    defaultText: 'none',
    description: 'Tokens that callers need, with their roles and profiles. `segue token <name>` creates one.',
    schema: accessTokensSchema,
  }),
  token: defineSetting<string, null>({
    env: 'SEGUE_TOKEN',
    isSecret: true,
    scope: 'server',
    default: null,
    defaultText: 'none',
    description: 'One more token, with the role admin, as it is: 20 to 500 visible characters of ASCII.',
    schema: createPatternSchema('20 to 500 visible characters of ASCII', /^[!-~]{20,500}$/),
  }),
  oidc: defineSetting<OidcSettings, null>({
    key: 'oidc',
    scope: 'server',
    default: null,
    defaultText: 'none',
    description:
      'Issuer of OpenID Connect whose JWTs are tokens as well: an object with issuer, audience, profilesClaim and roleClaim. Callers need tokens then.',
    schema: oidcSchema,
  }),
  allowOrigins: defineSetting<readonly string[], readonly string[]>({
    flag: 'allow-origin',
    argument: '<origin>',
    isRepeatable: true,
    env: 'SEGUE_ALLOW_ORIGIN',
    key: 'allowOrigins',
    scope: 'server',
    default: noTexts,
    defaultText: 'none',
    description:
      'Origin of web pages that may call the API, such as http://localhost:5173. The flag can be repeated; the variable has commas between origins, config.json a list.',
    schema: allowedOriginsSchema,
    parseText: parseList,
  }),
}
