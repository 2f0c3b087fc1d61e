import { BlockList, isIP } from 'node:net'

interface HostPattern {
  /** A host name in lower case, or an IP address without brackets. */
  readonly host: string
  /** Null: every port. */
  readonly port: string | null
}

/** The hosts that are reached without a proxy, as in the environment variable NO_PROXY. */
export class NoProxyList {
  readonly #patterns: HostPattern[] = []
  readonly #subnets = new BlockList()
  #includesAll = false

  /**
   * Entries are separated by commas or spaces: a host, with all names below it; `.host` or `*.host`; an address; a subnet
   * such as `10.0.0.0/8`; each but a subnet may have a port; `*` for all hosts. What is none of these is ignored.
   */
  constructor(value: string) {
    for (const entry of value.toLowerCase().split(/[\s,]+/)) this.#add(entry)
  }

  /** Whether a URL is in the list. */
  includes({ hostname, port, protocol }: URL): boolean {
    if (this.#includesAll) return true
    const host = removeBrackets(hostname.toLowerCase()).replace(/\.$/, '')
    const effectivePort = port === '' ? (protocol === 'https:' ? '443' : '80') : port
    const version = isIP(host)
    if (version !== 0 && this.#subnets.check(host, version === 4 ? 'ipv4' : 'ipv6')) return true
    return this.#patterns.some(
      (pattern) =>
        (pattern.port === null || pattern.port === effectivePort) &&
        (pattern.host === host || (version === 0 && host.endsWith(`.${pattern.host}`))),
    )
  }

  #add(entry: string): void {
    if (entry === '') return
    if (entry === '*') {
      this.#includesAll = true
      return
    }
    const [address = '', prefix, ...rest] = entry.split('/')
    if (prefix !== undefined) {
      const version = isIP(address)
      const bits = Number(prefix)
      const isValid = version !== 0 && rest.length === 0 && /^\d+$/.test(prefix) && bits <= (version === 4 ? 32 : 128)
      if (isValid) this.#subnets.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
      return
    }
    const pattern = parseHostPattern(entry)
    if (pattern.host !== '') this.#patterns.push(pattern)
  }
}

function parseHostPattern(entry: string): HostPattern {
  // An IPv6 address without brackets has no port.
  if (isIP(entry) === 6) return { host: entry, port: null }
  const [, host = entry, port = null] = /^(.*?):(\d+)$/.exec(entry) ?? []
  return {
    host: removeBrackets(host)
      .replace(/^\*?\./, '')
      .replace(/\.$/, ''),
    port,
  }
}

function removeBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}
