import { isIP, isIPv4 } from 'node:net'
import { z } from 'zod'

const hostNamePattern = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/

const hostError = 'Must be the name of a host or an IP address, without a port.'

/** The name of a host, in lowercase, or an IP address; one of IPv6 without brackets. */
export const hostSchema = z
  .string({ error: hostError })
  .transform((name) => name.toLowerCase().replace(/^\[([^\]]*:[^\]]*)\]$/, '$1'))
  .refine((name) => isIP(name) !== 0 || (hostNamePattern.test(name) && !/^[\d.]+$/.test(name)), { error: hostError })

const hostsError = 'Must be a list of hosts, such as ["chat.example.com"].'

/** `publicHosts` in config.json. */
export const hostsSchema = z.array(hostSchema, { error: hostsError })

/** Whether only programs on this machine reach a server that listens on this host. */
export function isLoopbackListenHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
