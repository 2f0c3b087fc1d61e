import type { IncomingMessage } from 'node:http'
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey, type RemoteJWKSet } from 'jose'
import { z } from 'zod'
import { isTrustworthyIssuerUrl } from '../../../config/access/oidc-schema.ts'
import type { HttpClient } from '../../../lib/http/http-client.ts'
import type { Logger } from '../../../lib/logger.ts'
import { parseJsonOrNull } from '../../../lib/text/json.ts'

/** How long a request to the issuer may take, and for how long the issuer is not asked again after one that failed. */
const timeoutMs = 5000
export const issuerRetrySeconds = 5
/** How long keys are believed, and how soon after they were read a token with an unknown key has them read again. */
const cacheMaxAge = 10 * 60 * 1000
const cooldownDuration = 30_000
const maxBodyBytes = 1024 * 1024

/** OpenID Connect Discovery 1.0, section 3. */
const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.string() })
/** RFC 7517, section 5. */
const keySetSchema = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })) })

/** The issuer cannot be asked for its keys, so that nobody can tell whether a token is valid. */
export class IssuerUnavailableError extends Error {
  override readonly name = 'IssuerUnavailableError'
}

export interface IssuerKeysOptions {
  /** Its URL, as in the claim `iss`. */
  readonly issuer: string
  readonly httpClient: HttpClient
  readonly log: Logger
}

/**
 * The public keys of an issuer. They are read when they are first needed, every ten minutes, and when a token has an unknown
 * key, as after a rotation. Keys that were read stay usable while the issuer cannot be reached, until they are too old.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions
  #keySet: Promise<RemoteJWKSet> | null = null
  #failure: { readonly error: IssuerUnavailableError; readonly retryAt: number } | null = null

  constructor(options: IssuerKeysOptions) {
    this.#options = options
  }

  /** The key that has signed a token. Rejects with an IssuerUnavailableError, or with an error of jose if there is none. */
  readonly getKey: JWTVerifyGetKey = async (header, token) => {
    this.#keySet ??= this.#discover()
    const keySet = await this.#keySet
    return keySet(header, token)
  }

  async #discover(): Promise<RemoteJWKSet> {
    const { issuer } = this.#options
    try {
      const url = await this.#ask(async () => {
        const text = await this.#read(
          `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
          AbortSignal.timeout(timeoutMs),
        )
        const document = discoverySchema.parse(parseJsonOrNull(text))
        if (document.issuer !== issuer) throw new Error(`It calls itself ${document.issuer}: set oidc.issuer to that.`)
        if (!isTrustworthyIssuerUrl(document.jwks_uri))
          throw new Error('The URL of its keys does not begin with https.')
        return document.jwks_uri
      })
      const readKeySet = (keysUrl: string, signal: AbortSignal): Promise<Response> =>
        this.#ask(async () => Response.json(keySetSchema.parse(parseJsonOrNull(await this.#read(keysUrl, signal)))))
      return createRemoteJWKSet(new URL(url), {
        timeoutDuration: timeoutMs,
        cooldownDuration,
        cacheMaxAge,
        [customFetch]: (keysUrl, { signal }) => readKeySet(keysUrl, signal),
      })
    } catch (error) {
      this.#keySet = null
      throw error
    }
  }

  /** Turns every failure into an IssuerUnavailableError. After one, fails at once for a while. Logs the first of several. */
  async #ask<T>(task: () => Promise<T>): Promise<T> {
    const { issuer, log } = this.#options
    if (this.#failure !== null && Date.now() < this.#failure.retryAt) throw this.#failure.error
    try {
      const result = await task()
      if (this.#failure !== null) log.info({}, `The issuer ${issuer} answers again.`)
      this.#failure = null
      return result
    } catch (cause) {
      if (this.#failure === null)
        log.warn({ err: cause }, `The issuer ${issuer} cannot be asked for its keys: its tokens are refused.`)
      const error = new IssuerUnavailableError('The issuer cannot be asked for its keys.', { cause })
      this.#failure = { error, retryAt: Date.now() + issuerRetrySeconds * 1000 }
      throw error
    }
  }

  /** The body of a response with status 200. Follows no redirect. */
  async #read(url: string, signal: AbortSignal): Promise<string> {
    const headers = { accept: 'application/json' }
    const request = { url, method: 'GET', headers, body: '', signal, reusesConnection: false, idleTimeoutMs: timeoutMs }
    const response = await this.#options.httpClient.send(request)
    if (response.statusCode === 200) return readBody(response)
    response.destroy()
    throw new Error(`${url} answers with status ${response.statusCode}.`)
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += chunk.length
    if (size > maxBodyBytes) throw new Error('The response is too large.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
