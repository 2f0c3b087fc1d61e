import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type GenerateKeyPairResult, type JWK, SignJWT } from 'jose'
import { type Adapter, Provider } from 'oidc-provider'
import type { OidcSettings } from '../../../src/config/access/oidc-schema.ts'

const audience = 'urn:test:segue'
const client = { id: 'test-client', secret: 'test-secret' }

/** Undefined: the token has no such claim. */
export type TestClaims = Readonly<Record<string, unknown>>

export interface TestIssuer extends AsyncDisposable {
  readonly oidc: OidcSettings
  /** The paths of the requests that it has received. */
  readonly requests: string[]
  /** An access token that the issuer makes itself, with these claims. */
  requestToken(claims?: TestClaims): Promise<string>
  /** A token with the issuer's present key. By default it is valid for a minute. */
  sign(claims?: TestClaims, header?: object): Promise<string>
  /** The public key, as the issuer publishes it. */
  readPublicKey(): Promise<JWK>
  /** Replaces the key. */
  rotate(): Promise<void>
  /** Answers every request with 500, or again as usual. */
  setBroken(isBroken: boolean): void
}

interface IssuerKey extends GenerateKeyPairResult {
  readonly kid: string
}

/** Starts npm's oidc-provider on a free port of 127.0.0.1. */
export async function startTestIssuer(): Promise<TestIssuer> {
  const requests: string[] = []
  let claims: TestClaims = {}
  let isBroken = false
  let answer: RequestListener = () => undefined
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    if (isBroken) response.writeHead(500).end()
    else answer(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${requirePort(server.address())}`
  let key = await (firstKey ??= createKey('key-1'))
  const serve = async (): Promise<void> => {
    answer = (await createProvider(issuer, key, () => claims)).callback()
  }
  await serve()
  return {
    oidc: { issuer, audience, profilesClaim: 'segue_profiles', roleClaim: 'segue_role' },
    requests,
    requestToken: async (next = {}) => {
      claims = next
      const response = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }),
      })
      const { access_token: token } = await response.json()
      return token
    },
    sign: (next = {}, header = {}) =>
      new SignJWT({ iss: issuer, aud: audience, sub: 'user-1', exp: nowInSeconds() + 60, ...next })
        .setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header })
        .sign(key.privateKey),
    readPublicKey: async () => (await (await fetch(`${issuer}/jwks`)).json()).keys[0],
    rotate: async () => {
      key = await createKey(`${key.kid}-next`)
      await serve()
    },
    setBroken: (next) => {
      isBroken = next
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** Creating a key is slow. */
let firstKey: Promise<IssuerKey> | null = null

export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** Stores nothing: access tokens that are JWTs and clients of the configuration need no storage. */
class NoAdapter implements Adapter {
  async upsert(): Promise<undefined> {}
  async find(): Promise<undefined> {}
  async findByUserCode(): Promise<undefined> {}
  async findByUid(): Promise<undefined> {}
  async consume(): Promise<undefined> {}
  async destroy(): Promise<undefined> {}
  async revokeByGrantId(): Promise<undefined> {}
}

async function createKey(kid: string): Promise<IssuerKey> {
  return { kid, ...(await generateKeyPair('RS256', { extractable: true })) }
}

async function createProvider(issuer: string, key: IssuerKey, readClaims: () => TestClaims): Promise<Provider> {
  const jwk = { ...(await exportJWK(key.privateKey)), kid: key.kid, use: 'sig', alg: 'RS256' }
  return new Provider(issuer, {
    jwks: { keys: [jwk] },
    adapter: NoAdapter,
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    cookies: { keys: ['test-cookie-key'] },
    ttl: { ClientCredentials: 60 },
    extraTokenClaims: () => ({ ...readClaims() }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({ scope: '', audience, accessTokenFormat: 'jwt', accessTokenTTL: 60 }),
      },
    },
  })
}

function requirePort(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('The issuer has no port.')
  return address.port
}
