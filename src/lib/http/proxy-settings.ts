import { isLoopbackHost } from './loopback-host.ts'
import { NoProxyList } from './no-proxy-list.ts'

/** A proxy that the environment names for a request. */
export interface ProxyServer {
  /** May contain a user and a password. */
  readonly url: string
  /** Host and port, for messages. */
  readonly address: string
  /** The environment variable that names it. */
  readonly variable: string
}

/** A variable that names no HTTP proxy. */
export interface InvalidProxyVariable {
  readonly variable: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxies of HTTP_PROXY and HTTPS_PROXY, and the hosts of NO_PROXY. Each name may be in lower case, which wins, as in
 * other programs. Requests to this machine never use a proxy.
 */
export class ProxySettings {
  readonly #proxies: Readonly<Record<string, ProxyServer | InvalidProxyVariable | null>>
  readonly #exceptions: NoProxyList

  constructor(env: Environment) {
    this.#proxies = { 'http:': readProxy(env, 'HTTP_PROXY'), 'https:': readProxy(env, 'HTTPS_PROXY') }
    this.#exceptions = new NoProxyList(readVariable(env, 'NO_PROXY')?.value ?? '')
  }

  /** What is wrong with the settings, in sentences without secrets. */
  listProblems(nodeVersion = process.versions.node): string[] {
    const proxies = Object.values(this.#proxies).filter((proxy) => proxy !== null)
    const problems = proxies
      .filter((proxy) => !('url' in proxy))
      .map(
        ({ variable }) =>
          `The environment variable ${variable} is not the URL of an HTTP proxy. Requests that need it will fail.`,
      )
    if (proxies.length > 0 && !supportsProxies(nodeVersion))
      problems.push(`Node ${nodeVersion} ignores HTTP_PROXY and HTTPS_PROXY. Use Node 22.21, 24.5 or newer.`)
    return problems
  }

  /** The proxy for a URL; null if it is reached directly. */
  select(url: URL): ProxyServer | InvalidProxyVariable | null {
    const proxy = this.#proxies[url.protocol] ?? null
    if (proxy === null || isLoopbackHost(url.hostname.replace(/^\[(.*)\]$/, '$1'))) return null
    return this.#exceptions.includes(url) ? null : proxy
  }
}

/** Agents of older versions ignore their proxy. Both numbers are the first version of a major version that does not. */
const firstMinorVersions: Readonly<Record<number, number>> = { 22: 21, 24: 5 }

function supportsProxies(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  return major > 24 || minor >= (firstMinorVersions[major] ?? Number.POSITIVE_INFINITY)
}

function readVariable(env: Environment, name: string): { name: string; value: string } | null {
  for (const each of [name.toLowerCase(), name]) {
    const value = env[each]?.trim()
    if (value) return { name: each, value }
  }
  return null
}

/** Many programs accept a proxy without `http://`. */
function readProxy(env: Environment, name: string): ProxyServer | InvalidProxyVariable | null {
  const variable = readVariable(env, name)
  if (!variable) return null
  const { value } = variable
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`)
  if (!url || !/^https?:$/.test(url.protocol)) return { variable: variable.name }
  return { url: url.href, address: url.host, variable: variable.name }
}
