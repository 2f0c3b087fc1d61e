import { sha256Hex } from '../../lib/text/sha256.ts'
import { settingDefinitions as definitions } from '../setting-definitions.ts'
import type { SettingsReader } from '../settings-reader.ts'
import type { AccessToken } from './access-tokens-schema.ts'
import { isLoopbackListenHost } from './host-schema.ts'
import type { OidcSettings } from './oidc-schema.ts'
import { type ConfigFolders, resolveTls, type TlsFiles } from './resolve-tls.ts'

/** Where the server can be reached, and by whom. */
export interface AccessSettings {
  /** A name or an IP address; `::1` without brackets. */
  readonly host: string
  /** Further names and addresses under which clients reach the server. */
  readonly publicHosts: readonly string[]
  /** Whether the headers of a proxy in front of the server say who the client is. */
  readonly trustProxy: boolean
  /** Whether other machines can reach the server. There are tokens or an issuer then. */
  readonly isExposed: boolean
  /** Null: plain HTTP. */
  readonly tls: TlsFiles | null
  /** Origins of web pages that may call the API, as browsers send them. */
  readonly allowedOrigins: readonly string[]
  /** Empty, without an issuer: callers need no token. */
  readonly tokens: readonly AccessToken[]
  /** The issuer whose JWTs are tokens as well. Null: there is none. */
  readonly oidc: OidcSettings | null
}

const createTokenHint = 'create one with segue token <name>, or set SEGUE_TOKEN.'

/** Reports a problem if other machines can reach the server without a token. */
export function resolveAccess(reader: SettingsReader, folders: ConfigFolders): AccessSettings {
  const host = reader.read(definitions.host)
  const publicHosts = reader.read(definitions.publicHosts)
  const trustProxy = reader.read(definitions.trustProxy)
  const allowedOrigins = reader.read(definitions.allowOrigins)
  const tokens = resolveTokens(reader)
  const { value: oidc } = reader.read(definitions.oidc)
  const needsToken = tokens.length > 0 || oidc !== null

  const exposing = [
    isLoopbackListenHost(host.value) ? [] : [host.source.label],
    publicHosts.value.length > 0 ? [publicHosts.source.label] : [],
    trustProxy.value ? [trustProxy.source.label] : [],
  ].flat()
  const [setting] = exposing
  if (setting !== undefined && !needsToken)
    reader.report({
      problems: [`${setting}: Other machines could call the server without a token: ${createTokenHint}`],
    })
  if (allowedOrigins.value.length > 0 && !needsToken)
    reader.report({
      warnings: [
        `${allowedOrigins.source.label}: Without tokens, every page of ${allowedOrigins.value.join(', ')} can read and delete all chats, and run tools. To require a token, ${createTokenHint}`,
      ],
    })
  return {
    host: host.value,
    publicHosts: publicHosts.value,
    trustProxy: trustProxy.value,
    isExposed: exposing.length > 0,
    tls: resolveTls(reader, folders),
    allowedOrigins: allowedOrigins.value,
    tokens,
    oidc,
  }
}

function resolveTokens(reader: SettingsReader): AccessToken[] {
  const { value: tokens } = reader.read(definitions.tokens)
  const { value: adminToken } = reader.read(definitions.token)
  if (adminToken === null) return [...tokens]
  const viewer = { name: 'SEGUE_TOKEN', role: 'ADMIN', profiles: 'all' } as const
  return [...tokens, { sha256: sha256Hex(adminToken), viewer }]
}
