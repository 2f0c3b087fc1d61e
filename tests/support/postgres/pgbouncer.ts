import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { nobody, toUnprivilegedCommand } from './postgres-programs.ts'
import { waitForLogLine } from './postgres-process.ts'

/** A PgBouncer of the tests, on a Unix socket, that shares the sessions of PostgreSQL transaction by transaction. */
export interface PgBouncer extends AsyncDisposable {
  /** The URL of a database through it. */
  toUrl(database: string): string
}

/** @param server The host of PostgreSQL: the folder of its socket. */
export async function startPgBouncer(server: string): Promise<PgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'segue-pgbouncer-'))
  chmodSync(folder, 0o700)
  const config = join(folder, 'pgbouncer.ini')
  writeFileSync(config, toConfig(server, folder))
  if (process.getuid?.() === 0) for (const path of [folder, config]) chownSync(path, nobody, nobody)
  const [program, ...args] = toUnprivilegedCommand([findPgBouncer(), config])
  const pooler = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  await waitForLogLine(pooler, /process up/)
  return {
    toUrl: (database) => `postgres://segue@${encodeURIComponent(folder)}:${port}/${database}`,
    async [Symbol.asyncDispose]() {
      const exited = once(pooler, 'exit')
      pooler.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** In the name of the socket. */
const port = 6432

/** Few sessions of PostgreSQL, so that transactions of one client get different ones. */
const toConfig = (server: string, folder: string): string => `
[databases]
* = host=${server} user=segue
[pgbouncer]
listen_port = ${port}
unix_socket_dir = ${folder}
auth_type = any
pool_mode = transaction
default_pool_size = 10
server_idle_timeout = 5
server_round_robin = 1
max_client_conn = 1000
`

function findPgBouncer(): string {
  const folders = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(delimiter)]
  const path = folders.map((folder) => join(folder, 'pgbouncer')).find((each) => existsSync(each))
  if (path === undefined) throw new Error('These tests need PgBouncer. Install it: apt-get install pgbouncer.')
  return path
}
