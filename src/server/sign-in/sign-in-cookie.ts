import { createHmac, timingSafeEqual } from 'node:crypto'
import { parseCookie, stringifySetCookie } from 'cookie'

/** Cookies do not know ports: each installation has a name of its own, so that several on one host do not share a cookie. */
const cookieNamePrefix = 'segue_sign_in_'

const lifetimeSeconds = 30 * 24 * 60 * 60

/** The SHA-256 of the token, when the cookie ends in epoch seconds, and the signature of both. */
const valuePattern = /^(?<payload>(?<hash>[0-9a-f]{64})\.(?<expiry>\d{1,12}))\.(?<signature>[\w-]{43})$/

const attributes = { path: '/', httpOnly: true, sameSite: 'strict' } as const

/**
 * Creates and reads the cookies of browsers that have signed in. A cookie stands for one token, by its hash: it is worth
 * nothing without the token's entry in the configuration, and does not contain the token.
 */
export class SignInCookies {
  readonly #readKey: () => Buffer
  readonly #now: () => number

  /**
   * @param readKey The key that signs, called when it is first needed.
   * @param now In epoch milliseconds.
   */
  constructor(readKey: () => Buffer, now: () => number) {
    let key: Buffer | null = null
    this.#readKey = () => (key ??= readKey())
    this.#now = now
  }

  /** The `Set-Cookie` header of a browser that has signed in with the token of this SHA-256, for 30 days. */
  create(sha256: string, isSecure: boolean): string {
    const payload = `${sha256}.${Math.floor(this.#now() / 1000) + lifetimeSeconds}`
    const value = `${payload}.${this.#sign(payload).toString('base64url')}`
    return stringifySetCookie({ name: this.#name, value, maxAge: lifetimeSeconds, secure: isSecure, ...attributes })
  }

  /** The `Set-Cookie` header that signs a browser out. */
  createExpired(): string {
    return stringifySetCookie({ name: this.#name, value: '', maxAge: 0, ...attributes })
  }

  /** The SHA-256 of the token that a `Cookie` header stands for. Null: it has no such cookie. */
  read(header: string | undefined): string | 'invalid' | null {
    if (!header?.includes(cookieNamePrefix)) return null
    const value = parseCookie(header)[this.#name]
    if (value === undefined || value === '') return null
    const { payload, hash, expiry, signature } = valuePattern.exec(value)?.groups ?? {}
    if (payload === undefined || hash === undefined || signature === undefined) return 'invalid'
    const isSigned = timingSafeEqual(Buffer.from(signature, 'base64url'), this.#sign(payload))
    return isSigned && Number(expiry) * 1000 > this.#now() ? hash : 'invalid'
  }

  get #name(): string {
    return cookieNamePrefix + this.#sign('cookie name').toString('hex').slice(0, 8)
  }

  #sign(payload: string): Buffer {
    return createHmac('sha256', this.#readKey()).update(payload).digest()
  }
}
