import type { AccessToken } from '../../../src/config/access/access-tokens-schema.ts'
import { sha256Hex } from '../../../src/lib/text/sha256.ts'
import type { Viewer } from '../../../src/model/viewer.ts'

export interface TestToken extends AccessToken {
  /** What the client sends. */
  readonly text: string
  readonly headers: { readonly authorization: string }
}

/** A token of a viewer. Its text is made of the name. */
export function newTestToken(name: string, role: Viewer['role'], profiles: Viewer['profiles'] = 'all'): TestToken {
  const text = `test-token-of-${name}`
  const headers = { authorization: `Bearer ${text}` }
  return { text, headers, sha256: sha256Hex(text), viewer: { name, role, profiles } }
}
