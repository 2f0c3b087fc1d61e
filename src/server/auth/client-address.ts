import type { IncomingMessage } from 'node:http'
import { isIP, isIPv6 } from 'node:net'

/** The bytes of an IPv6 address that a provider gives to one customer, in groups of 16 bits. */
const ipv6PrefixGroups = 4

/**
 * The address of a client, for limits: IPv6 addresses of one network count as one, because a client can have any of them.
 * With a trusted proxy it is the last one in X-Forwarded-For, which that proxy has added itself.
 */
export function readClientAddress(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  trustProxy: boolean,
): string {
  const forwardedFor = headers['x-forwarded-for']
  const forwarded = trustProxy
    ? String(forwardedFor ?? '')
        .split(',')
        .at(-1)
        ?.trim()
    : undefined
  const address = forwarded !== undefined && isIP(forwarded) !== 0 ? forwarded : (socket.remoteAddress ?? '')
  return toNetwork(address)
}

function toNetwork(address: string): string {
  if (!address.includes(':')) return address
  const mapped = /^::ffff:(?<ipv4>[\d.]+)$/i.exec(address)?.groups?.['ipv4']
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address
  return expandIPv6(address).slice(0, ipv6PrefixGroups).join(':')
}

/** The eight groups of an address, without leading zeros. */
function expandIPv6(address: string): string[] {
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1).split('::')
  const [first, last] = [head, tail ?? ''].map((groups) => groups.split(':').filter((group) => group !== ''))
  if (!first || !last) return []
  return tail === undefined ? first : [...first, ...Array<string>(8 - first.length - last.length).fill('0'), ...last]
}
