import type { AccessSettings } from '../../../src/config/access/resolve-access.ts'

/** Who may call a server that has no such settings: every program on this machine. */
export const localAccess: AccessSettings = {
  host: '127.0.0.1',
  publicHosts: [],
  trustProxy: false,
  isExposed: false,
  tls: null,
  allowedOrigins: [],
  tokens: [],
  oidc: null,
}
