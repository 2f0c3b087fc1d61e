import { startTcpProxy, type TcpProxy } from '../server/tcp-proxy.ts'

/** A proxy to a database of the tests, which is on a Unix socket. */
export interface DatabaseProxy extends TcpProxy {
  /** The URL of the database through the proxy. */
  readonly databaseUrl: string
}

export async function startDatabaseProxy(url: string): Promise<DatabaseProxy> {
  const { hostname, port, pathname } = new URL(url)
  const path = `${decodeURIComponent(hostname)}/.s.PGSQL.${port || '5432'}`
  const proxy = await startTcpProxy(() => ({ path }))
  return Object.assign(proxy, { databaseUrl: `postgres://segue@${new URL(proxy.url).host}${pathname}` })
}
