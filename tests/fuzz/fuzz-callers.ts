import { sha256Hex } from '../../src/lib/text/sha256.ts'

export const fuzzProfiles = ['default', 'work'] as const
export type FuzzProfile = (typeof fuzzProfiles)[number]

/** A text that only callers of its profile may see. */
export const markers: Readonly<Record<FuzzProfile, string>> = {
  default: 'zebrafinch-of-default',
  work: 'porcupine-of-work',
}

export interface FuzzCaller {
  readonly token: string
  readonly role: 'read' | 'user' | 'admin'
  /** The only profile that the caller may see. Null: all. */
  readonly profile: FuzzProfile | null
}

/** A connection for each request: one that is kept may be closed by the server just when it is used again. */
export function createHeaders({ token }: Pick<FuzzCaller, 'token'>): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}`, connection: 'close' }
}

export const admin: FuzzCaller = { token: 'fuzz-admin', role: 'admin', profile: null }

export const fuzzCallers: readonly FuzzCaller[] = [
  admin,
  ...fuzzProfiles.flatMap((profile) =>
    (['read', 'user'] as const).map((role) => ({ token: `fuzz-${role}-${profile}`, role, profile })),
  ),
]

/** `config.json` of a server that knows the callers and a file of trusted documents. Nothing is limited by the minute. */
export function createFuzzConfig(persistedDocuments: { readonly file: string; readonly only: boolean }): object {
  return {
    persistedDocuments,
    limits: { requestsPerMinute: 1_000_000, unauthenticatedRequestsPerMinute: 1_000_000 },
    tokens: fuzzCallers.map(({ token, role, profile }) => ({
      name: token,
      sha256: sha256Hex(token),
      role,
      profiles: profile ? [profile] : undefined,
    })),
  }
}
