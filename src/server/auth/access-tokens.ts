import { timingSafeEqual } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { AccessToken } from '../../config/access/access-tokens-schema.ts'
import { sha256Hex } from '../../lib/text/sha256.ts'
import { localViewer } from '../../model/viewer.ts'
import type { Caller } from './caller.ts'

interface TokenEntry {
  readonly token: AccessToken
  readonly hash: Buffer
  readonly revocation: AbortController
}

/** The tokens that are valid now. They can be replaced while the server runs. */
export class AccessTokens {
  readonly #mustExist: boolean
  #entries: readonly TokenEntry[] = []
  #localRevocation = createRevocation()

  /** @param mustExist Nobody may call the server without a token: other machines can reach it, or it has an issuer. */
  constructor(tokens: readonly AccessToken[], mustExist: boolean) {
    this.#mustExist = mustExist
    this.replace(tokens)
  }

  /** Whether callers need a token. */
  get areRequired(): boolean {
    return this.#mustExist || this.#entries.length > 0
  }

  /** The caller of a server that requires no tokens. */
  get localCaller(): Caller {
    return { viewer: localViewer, credentialId: null, revoked: this.#localRevocation.signal }
  }

  /** The caller with this token. Null if it is not valid. Takes as long for a token that is almost right. */
  findByToken(text: string): Caller | null {
    return this.findByHash(sha256Hex(text))
  }

  /** The caller whose token has this SHA-256, in lowercase hex. */
  findByHash(sha256: string): Caller | null {
    const hash = toHash(sha256)
    let found: TokenEntry | null = null
    // Compares all of them, so that the time says nothing about which one is equal.
    for (const entry of this.#entries)
      if (entry.hash.length === hash.length && timingSafeEqual(entry.hash, hash)) found = entry
    return found && toCaller(found)
  }

  /**
   * Replaces all tokens. Those that stay as they are keep their connections. The sockets and event streams of the others
   * end at once, as do those without a token when the first one is added.
   */
  replace(tokens: readonly AccessToken[]): void {
    const previous = this.#entries
    const keep = (token: AccessToken) => previous.find((entry) => isSameToken(entry.token, token))
    this.#entries = tokens.map(
      (token) => keep(token) ?? { token, hash: toHash(token.sha256), revocation: createRevocation() },
    )
    for (const entry of previous) if (!this.#entries.includes(entry)) entry.revocation.abort()
    if (!this.areRequired) return
    this.#localRevocation.abort()
    this.#localRevocation = createRevocation()
  }
}

function toHash(sha256: string): Buffer {
  return Buffer.from(sha256, 'hex')
}

function createRevocation(): AbortController {
  const revocation = new AbortController()
  // Every open connection listens.
  setMaxListeners(0, revocation.signal)
  return revocation
}

function toCaller({ token, revocation }: TokenEntry): Caller {
  return { viewer: token.viewer, credentialId: token.sha256, revoked: revocation.signal }
}

function isSameToken(a: AccessToken, b: AccessToken): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
