import { BlockList, isIP } from 'node:net'

const loopbackAddresses = new BlockList()
loopbackAddresses.addSubnet('127.0.0.0', 8, 'ipv4')
loopbackAddresses.addAddress('0.0.0.0', 'ipv4') // A connection to it reaches this machine.
loopbackAddresses.addAddress('::1', 'ipv6')
loopbackAddresses.addAddress('::', 'ipv6')

/** Whether a host is this machine: a loopback address without brackets, `localhost`, or a name below it. */
export function isLoopbackHost(host: string): boolean {
  const version = isIP(host)
  if (version === 0) return /^(.*\.)?localhost\.?$/i.test(host)
  // Also matches IPv4 addresses that are mapped to IPv6.
  return loopbackAddresses.check(host, version === 4 ? 'ipv4' : 'ipv6')
}
